"""Both OpenAPI documents against what is really served: anything may be asked, nothing may break (schemathesis).

Every answer is one that the document tells of: its status, its media type, and the shape of its body.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)


@dataclass(slots=True)
class Asked:
    """How many operations were asked, and how often each status was answered."""

    operations: int = 0
    answers: Counter[int] = field(default_factory=Counter)


DESCRIBED = [status_code_conformance, content_type_conformance, response_schema_conformance]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
BESIDES = {"OPTIONS": (204,), "HEAD": (200, 405)}  # what is answered to the methods that no document tells of


@schemathesis.serializer("application/x-ndjson")
def lines(_: Any, value: Any) -> bytes:
    """A list as a line each; what is no list, as the one line."""
    if isinstance(value, bytes):
        return value
    return b"".join(
        json.dumps(each).encode() + b"\n" for each in (value if isinstance(value, list) else [value])
    )


def asked(
    document: dict[str, Any],
    client: httpx.Client,
    *,
    examples: int,
    every: int = 1,
    always: Callable[[str], bool] = lambda path: False,
    form: Callable[[], dict[str, str]] = dict,
    ours: Callable[[Any, int], httpx.Auth | None] = lambda case, turn: None,
    number: int = 6,
) -> Asked:
    """What each `every`-th operation answered; raises AssertionError at the first answer that is not as described.

    `always` names more of them by their path.
    `form` gives what a form must carry to be taken for one of ours; `ours` may put what there really is into a
    case, given how many were asked before, and says who signs it. The same number asks the same.
    """
    told = Asked()
    for at, found in enumerate(schemathesis.openapi.from_dict(document).get_all_operations()):
        operation = found.ok()
        if at % every and not always(operation.path):
            continue
        told.operations += 1
        for mode in MODES:

            @seed(number)
            @settings(
                max_examples=examples,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def check(case: Any) -> None:
                if isinstance(case.body, dict):
                    case.body = {**case.body, **form()}
                auth = ours(case, told.answers.total())
                told.answers[_status(client, case, auth)] += 1

            try:
                check()
            except (Unsatisfiable, schemathesis.errors.SchemathesisError):
                continue  # nothing wrong can be said to an operation that takes nothing
        path = re.sub(r"\{[^}]*\}", "1", operation.path)  # what every kind of place in a path takes
        for method, fine in BESIDES.items():
            status = client.request(method, path).status_code
            assert status in fine, f"{method} {operation.path}: {status}"
    return told


def _status(client: httpx.Client, case: Any, auth: httpx.Auth | None) -> int:
    """Ask as generated; of a stream that never ends the head is enough."""
    made = requests.Request(**case.as_transport_kwargs(base_url=str(client.base_url).rstrip("/"))).prepare()
    headers = {name: value for name, value in made.headers.items() if name.lower() != "authorization"}
    request = client.build_request(
        str(made.method), str(made.url), headers=_bytes(headers), content=made.body or b""
    )
    answer = client.send(request, stream=True, auth=auth)
    try:
        told = f"{case.method} {case.formatted_path}: {answer.status_code} for {made.body!r}"
        assert answer.status_code < 500, told
        if "text/event-stream" not in answer.headers.get("content-type", ""):
            answer.read()
            case.validate_response(answer, checks=DESCRIBED)
    finally:
        answer.close()
    return answer.status_code


def _bytes(headers: dict[str, Any]) -> list[tuple[bytes, bytes]]:
    """Headers as they go out: what a generator makes is not always text that httpx would take."""
    return [
        (name.encode(), value if isinstance(value, bytes) else str(value).encode("latin-1", "replace"))
        for name, value in headers.items()
    ]
