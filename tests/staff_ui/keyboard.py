"""Walking through a page as somebody does who has a keyboard alone: Tab, Enter, Space; and what is wrong there."""

from typing import Final

from playwright.sync_api import Page

# What can be acted on; a hidden input is nobody's.
CONTROLS: Final = "a[href], button, input:not([type=hidden]), select, textarea, summary"

# `wanted()` is who has to be reached, a radio group being one stop, as browsers do it. Whatever takes the focus is
# noted with what is wrong about it; no press leads anywhere, but each is noted too.
_WATCH: Final = """(controls) => {
  const seen = (each) => each.checkVisibility({checkOpacity: true, checkVisibilityCSS: true});
  const stop = (each) => each.type === "radio" ? `${each.form?.action} ${each.name}` : each;
  const called = (each) => each.outerHTML.replace(/\\s+/g, " ").slice(0, 100);
  const walk = window.walk = {order: [], wrong: [], pressed: null, asked: null};
  walk.wanted = () => new Set([...document.querySelectorAll(controls)]
    .filter((each) => !each.disabled && !each.closest("[inert]") && seen(each)).map(stop));
  for (const each of document.querySelectorAll("[tabindex], [onclick], [role=button], [role=link]")) {
    if (each.tabIndex > 0) walk.wrong.push(`out of its turn: ${called(each)}`);
    if (!each.matches(controls) && !each.matches("[tabindex='-1']") && !scrolls(each)) {
      walk.wrong.push(`not made for keys: ${called(each)}`);
    }
  }
  function scrolls(each) { return each.scrollHeight > each.clientHeight || each.scrollWidth > each.clientWidth; }
  function ring(each) {
    const {outlineStyle, outlineWidth} = getComputedStyle(each);
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  }
  function covered(each) {
    const box = [...each.getClientRects()].find((one) => one.width && one.height);
    if (!box) return true;
    for (const [x, y] of [[.5, .5], [.1, .1], [.9, .1], [.1, .9], [.9, .9]]) {
      const at = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
      if (at && (each.contains(at) || at.contains(each) && at.matches("label, li"))) return false;
    }
    return true;
  }
  // After the browser has scrolled to it, which is after it told that the focus came.
  function look(target) {
    const last = walk.order.at(-1);
    walk.order.push(target);
    if (!seen(target)) walk.wrong.push(`focused and not seen: ${called(target)}`);
    else if (covered(target)) walk.wrong.push(`under something else: ${called(target)}`);
    if (!ring(target)) walk.wrong.push(`no ring: ${called(target)}`);
    const box = target.getBoundingClientRect(), before = last?.getBoundingClientRect();
    const near = "li, form, section, nav, header, article, fieldset, dialog";
    if (before && last.closest(near) === target.closest(near) && last !== target &&
        box.bottom <= before.top && box.left < before.right && last.closest(near)) {
      walk.wrong.push(`goes back up: ${called(last)} to ${called(target)}`);
    }
  }
  document.addEventListener("click", (event) => {
    walk.pressed = event.target;
    if (!event.target.closest("summary") && event.target.type !== "radio" && event.target.type !== "checkbox") {
      event.preventDefault();
    }
  }, true);
  walk.next = () => {
    answered();
    const key = asks(document.activeElement);
    if (key && key !== "out") walk.asked = document.activeElement;
    return key;
  };
  function asks(at) {
    if (!at || at === document.body || (walk.order.length > 1 && at === walk.order[0])) return "out";
    if (at.matches("iframe")) return "";
    if (at !== walk.order.at(-1)) look(at);
    if (at.matches("summary")) return at.parentElement.open ? "" : "Enter";
    if (at.matches("a[href]")) return "Enter";
    if (at.matches("button")) return walk.order.length % 2 ? "Enter" : "Space";
    return at.type === "radio" || at.type === "checkbox" ? "Space" : "";
  }
  // Of whom was asked at the stop before: a look of its own at each answer would be a third of the walk.
  function answered() {
    const at = walk.asked, pressed = walk.pressed;
    walk.asked = walk.pressed = null;
    if (!at) return;
    if (at.type === "radio" ? !at.checked : !pressed) walk.wrong.push(`does not hear keys: ${called(at)}`);
    if (at.matches("summary") && !at.parentElement.open) walk.wrong.push(`does not open: ${called(at)}`);
  }
  walk.told = () => {
    answered();
    const reached = new Set(walk.order.map(stop));
    for (const each of walk.wanted()) {
      if (!reached.has(each)) walk.wrong.push(`not reached: ${each.outerHTML ? called(each) : each}`);
    }
    return [...new Set(walk.wrong)];
  };
}"""
_MOST: Final = 200  # stops on one page; more of them is a trap


def barriers(page: Page) -> list[str]:
    """What somebody with a keyboard alone cannot do on this page, or cannot see themselves do.

    Everything closed is opened on the way, so its content has to be reached as well.
    """
    page.evaluate(_WATCH, CONTROLS)
    for _ in range(_MOST):
        page.keyboard.press("Tab")
        key = page.evaluate("walk.next()")
        if key == "out":
            return [str(each) for each in page.evaluate("walk.told()")]
        if key:
            page.keyboard.press(key)
    trap = f"no way out: {page.evaluate('document.activeElement.outerHTML')[:100]}"
    return [trap, *(str(each) for each in page.evaluate("walk.told()"))]
