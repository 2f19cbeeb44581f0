"""Where tablets find this box: its name and its addresses on the shop's network."""

from ipaddress import ip_address

from edge.config import Config
from edge.tls import addresses
from edge.tls.rules import certified, label


def host_of(config: Config) -> str:
    """The name of this box: `welkom-amersfoort.local`."""
    return f"{label(config.server.name, config.shop.id)}.local"


def has_name(config: Config) -> bool:
    """Whether tablets can find this box by its name."""
    return config.server.mdns and not addresses.is_loopback(config.server)


def base(config: Config) -> str:
    """What an address of the tablet pages starts with."""
    scheme = "https" if config.server.secure_cookies else "http"
    return f"{scheme}://{_host(config, by_name=True)}:{config.server.port}"


def bases_by_number(config: Config) -> tuple[str, ...]:
    """The same by number, for a tablet that cannot look up names; with HTTPS only numbers that are certified."""
    scheme = "https" if config.server.secure_cookies else "http"
    found = addresses.served(config.server)
    if config.server.tls == "own" and not addresses.is_loopback(config.server):
        found = certified(found)
    return tuple(f"{scheme}://{_bracketed(each)}:{config.server.port}" for each in found)


def enrolment(config: Config) -> str:
    """The address of the enrolment page, empty where there is none. By number: every tablet can open that one."""
    if config.server.tls != "own" or not config.server.enrol_port:
        return ""
    return f"http://{_host(config, by_name=False)}:{config.server.enrol_port}/"


def _host(config: Config, *, by_name: bool) -> str:
    found = addresses.served(config.server)
    if (by_name and has_name(config)) or not found:
        return host_of(config) if has_name(config) else config.server.host
    return _bracketed(min(found, key=lambda each: ip_address(each).version))


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
