"""The tablet's camera as a scanner: a drawn EAN-13 and a drawn QR code, played to Chromium as its camera."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import segno
from playwright.sync_api import Browser, Page, Route, expect

from edge.camera import AIM
from staff_ui.assets import FOLDER
from staff_ui.security import CAMERA
from tests.conftest import ARGUMENTS, CHROMIUM
from tests.patience import PATIENT_MS
from tests.staff_ui.house import Place, own_token
from tests.staff_ui.test_products import SHOE, stocked

WIDTH, HEIGHT = 640, 480
# EAN-13 (ISO/IEC 15420): seven modules a digit in sets A and C, which of A and B by the first digit.
SET_A = [
    "0001101",
    "0011001",
    "0010011",
    "0111101",
    "0100011",
    "0110001",
    "0101111",
    "0111011",
    "0110111",
    "0001011",
]
PARITY = ["AAAAAA", "AABABB", "AABBAB", "AABBBA", "ABAABB", "ABBAAB", "ABBBAA", "ABABAB", "ABABBA", "ABBABA"]


def ean13(digits: str) -> list[bool]:
    """Its 95 modules, True for a bar."""

    def inverted(modules: str) -> str:
        return modules.translate(str.maketrans("01", "10"))

    left = ""
    for digit, parity in zip(digits[1:7], PARITY[int(digits[0])], strict=True):
        a = SET_A[int(digit)]
        left += a if parity == "A" else inverted(a)[::-1]
    right = "".join(inverted(SET_A[int(digit)]) for digit in digits[7:])
    return [module == "1" for module in f"101{left}01010{right}101"]


def bars(digits: str) -> list[list[bool]]:
    return [ean13(digits)] * 60


def matrix(text: str) -> list[list[bool]]:
    return [[bool(module) for module in row] for row in segno.make_qr(text, error="m").matrix]


def film(picture: list[list[bool]], file: Path) -> Path:
    """A still film with the picture in its middle (YUV4MPEG2)."""
    scale = min(WIDTH // (len(picture[0]) + 8), HEIGHT // (len(picture) + 8))
    left, top = (WIDTH - len(picture[0]) * scale) // 2, (HEIGHT - len(picture) * scale) // 2
    light = bytearray(b"\xeb" * WIDTH * HEIGHT)
    for y, row in enumerate(picture):
        line = b"".join((b"\x10" if dark else b"\xeb") * scale for dark in row)
        for again in range(scale):
            at = (top + y * scale + again) * WIDTH + left
            light[at : at + len(line)] = line
    frame = b"FRAME\n" + bytes(light) + b"\x80" * (WIDTH * HEIGHT // 2)
    file.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode() + frame * 3)
    return file


@contextmanager
def camera(chromium: Browser, place: Place, played: Path | None) -> Iterator[Page]:
    """A tablet with somebody signed in, whose camera plays a film or is not there. Its console must stay silent."""
    film = [] if played is None else [f"--use-file-for-fake-video-capture={played}"]
    fake = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", *film] if film else []
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, headless=True, args=[*ARGUMENTS, *fake])
    said: list[str] = []
    try:
        context = browser.new_context(base_url=place.url)
        context.set_default_timeout(PATIENT_MS)
        context.add_cookies(
            [
                {"name": each.name, "value": each.value or "", "url": place.url}
                for each in place.signed_in().cookies.jar
            ]
        )
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        yield page
    finally:
        browser.close()
    assert said == []


@pytest.mark.browser
@pytest.mark.parametrize(
    ("picture", "asked", "led", "shown"),
    [
        (bars("8712345678906"), "products", "/products", SHOE.title),
        (matrix("KLANT-29"), "search", "/", "Meike"),
    ],
    ids=["ean-13", "qr"],
)
def test_what_the_camera_reads_is_a_scan_of_this_tablet_and_no_picture_leaves_it(
    chromium: Browser,
    place: Place,
    tmp_path: Path,
    picture: list[list[bool]],
    asked: str,
    led: str,
    shown: str,
) -> None:
    stocked(place)
    place.customer("KLANT-29", name={"call": "Meike", "short": "Meike", "initials": "M"})
    with camera(chromium, place, film(picture, tmp_path / "film.y4m")) as page:
        asked_for: list[tuple[str, str, int]] = []
        page.on("request", lambda each: asked_for.append((each.method, each.url, len(each.post_data or ""))))
        page.goto(f"/{asked}")
        page.locator(".camera").click()
        expect(page).to_have_url(f"{place.url}{led}")
        expect(page.locator("main")).to_contain_text(shown)
    assert [size for method, _, size in asked_for if method == "POST"] == [pytest.approx(130, abs=40)]
    assert not [url for _, url, _ in asked_for if "8712345678906" in url or "KLANT" in url]
    assert place.house.counter.tally.presented == 1


@pytest.mark.browser
def test_without_a_camera_it_says_so_and_what_to_use(chromium: Browser, place: Place) -> None:
    with camera(chromium, place, None) as page:
        page.goto("/scan")
        expect(page.locator("#said")).to_contain_text("geen camera die we kunnen gebruiken")
        expect(page.locator("#again")).to_be_visible()


# What Chromium has on Android, ChromeOS and macOS, and not here (WICG Shape Detection API).
DETECTOR = """
window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["ean_13", "qr_code", "pdf417"]; }
  constructor({ formats }) { if (formats.join() !== "ean_13,qr_code") throw new Error(formats); }
  async detect(video) { return video.videoWidth ? [{ rawValue: "KLANT-29", format: "qr_code" }] : []; }
};
"""


@pytest.mark.browser
def test_a_browser_that_reads_codes_itself_is_not_given_the_library(
    chromium: Browser, place: Place, tmp_path: Path
) -> None:
    place.customer("KLANT-29", name={"call": "Meike", "short": "Meike", "initials": "M"})
    with camera(chromium, place, film([[False] * 8] * 8, tmp_path / "film.y4m")) as page:
        page.add_init_script(DETECTOR)
        fetched: list[str] = []
        page.on("request", lambda each: fetched.append(each.url))
        page.goto("/scan?for=search")
        expect(page.locator("main")).to_contain_text("Meike")
    assert not [url for url in fetched if "zxing" in url]


@pytest.mark.browser
def test_without_https_it_says_so_and_asks_for_no_camera(chromium: Browser, place: Place) -> None:
    tablet = place.signed_in()
    page = chromium.new_page(base_url="http://shop.test")

    def answer(route: Route) -> None:
        served = tablet.get(route.request.url.removeprefix("http://shop.test"))
        route.fulfill(status=served.status_code, headers=dict(served.headers), body=served.content)

    page.route("**/*", answer)
    page.goto("/scan")
    expect(page.locator("#said")).to_contain_text("werkt alleen over HTTPS")
    expect(page.locator("#again")).to_be_hidden()
    page.close()


def present(tablet: httpx.Client, code: str, symbology: str, *, asked: str = "products") -> httpx.Response:
    own = own_token(tablet.get("/scan").text)
    return tablet.post("/scan", data={"own": own, "code": code, "symbology": symbology, "for": asked})


def test_a_new_card_goes_on_to_whose_it_is(place: Place) -> None:
    answer = present(place.signed_in(), "NIEUW-1", "code_128", asked="card")
    assert answer.status_code == 303
    assert re.fullmatch(r"/cards/new/stranger-\d+", answer.headers["location"])
    assert place.house.counter.notes.now()[0].reader == "tablet 1"


def test_a_product_that_is_not_ours_is_said_on_the_product_page(place: Place) -> None:
    stocked(place)
    tablet = place.signed_in()
    assert present(tablet, "8712345678913", "ean_13").headers["location"] == "/products"
    assert "staat niet in de catalogus" in tablet.get("/products").text


@pytest.mark.parametrize(
    ("code", "symbology"),
    [
        ("]C10108712345678906" + "10AB\x1d21X", "code_128"),  # as ZXing gives it
        ("\x1d0108712345678906" + "10AB\x1d21X", "code_128"),  # as Android does
        ("\x1d0108712345678906", "data_matrix"),
        ("https://id.example.org/01/08712345678906/10/AB", "qr_code"),
    ],
)
def test_a_gs1_code_with_more_than_its_number_is_the_product(place: Place, code: str, symbology: str) -> None:
    stocked(place)
    tablet = place.signed_in()
    assert present(tablet, code, symbology).headers["location"] == "/products"
    assert SHOE.title in tablet.get("/products").text


@pytest.mark.parametrize(
    ("code", "symbology"), [("", "qr_code"), (" ", "ean_13"), ("x" * 4097, "qr_code"), ("1", "maxicode")]
)
def test_what_is_no_code_is_said_and_is_no_scan(place: Place, code: str, symbology: str) -> None:
    answer = present(place.signed_in(), code, symbology)
    assert answer.status_code == 200
    assert "Dit was geen code" in answer.text
    assert place.house.counter.tally.presented == 0


def test_only_this_page_may_use_the_camera(place: Place) -> None:
    tablet = place.signed_in()
    assert tablet.get("/scan").headers.get_list("permissions-policy") == [CAMERA]
    assert "camera=(self)" in CAMERA
    assert "camera=()" in tablet.get("/products").headers["permissions-policy"]


def test_the_script_and_the_server_know_the_same_symbologies() -> None:
    script = (FOLDER / "camera.js").read_text(encoding="utf-8")
    known = re.search(r"const FORMATS = \[(.*?)\];", script)
    assert known is not None
    assert set(re.findall(r'"(\w+)"', known[1])) == set(AIM)
