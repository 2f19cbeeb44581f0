// Nothing that only a poke asked for is replaced under a finger: a mouse's click is lost with its button, and a finger's
// goes to what stands there then, which may be the next customer's. What a hand asked for comes at once.
(() => {
  "use strict";
  const LONG_MS = 1000; // who holds longer does not press, and what may no longer be shown has to go
  const CLICK_MS = 50; // a finger's click comes a little after the finger left
  let waiting = null; // what is to be done when the press that goes on is over
  let timer = 0;

  const over = () => {
    const these = waiting;
    waiting = null;
    for (const each of these) each();
  };
  const within = (ms) => {
    clearTimeout(timer);
    timer = setTimeout(over, ms);
  };
  const heard = { capture: true, passive: true };
  document.addEventListener("pointerdown", () => {
    waiting ??= [];
    within(LONG_MS);
  }, heard);
  for (const kind of ["pointerup", "pointercancel"]) {
    document.addEventListener(kind, () => { if (waiting) within(CLICK_MS); }, heard);
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    const { elt, triggeringEvent: by } = event.detail.requestConfig;
    if (!waiting || by?.isTrusted) return;
    event.detail.shouldSwap = false;
    waiting.push(() => elt.dispatchEvent(new CustomEvent(by.type))); // asked anew, for it is older by now
  });
  // For scripts that replace a page themselves (stays.js): at once, or when nobody presses.
  window.unpressed = (then) => { if (waiting) waiting.push(then); else then(); };
})();
