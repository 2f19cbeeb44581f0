"""The authority as an Apple configuration profile, which is how an iPad takes one in without a cable."""

import plistlib
from uuid import NAMESPACE_URL, uuid5

from edge.tls.own import Own


def mobileconfig(own: Own, *, shop: str) -> bytes:
    """`.mobileconfig` (Apple, Configuration Profile Reference): one payload of type com.apple.security.root.

    The same authority makes the same profile, so installing it again replaces it.
    """
    root, whole = (str(uuid5(NAMESPACE_URL, part + own.fingerprint)).upper() for part in ("root", "profile"))
    return plistlib.dumps(
        {
            "PayloadType": "Configuration",
            "PayloadVersion": 1,
            "PayloadIdentifier": f"local.welkom.{own.host}",
            "PayloadUUID": whole,
            "PayloadDisplayName": f"Welkom {shop}",
            "PayloadDescription": f"{own.host}\nSHA-256 {own.fingerprint}",
            "PayloadContent": [
                {
                    "PayloadType": "com.apple.security.root",
                    "PayloadVersion": 1,
                    "PayloadIdentifier": f"local.welkom.{own.host}.root",
                    "PayloadUUID": root,
                    "PayloadDisplayName": f"Welkom {own.host}",
                    "PayloadContent": own.authority_der,
                }
            ],
        }
    )
