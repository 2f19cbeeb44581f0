// A tablet in a customer's hands: three minutes without a touch, and all that was typed is gone. Keeps nothing itself.
(() => {
  "use strict";
  const IDLE_MS = 180000;
  const TOUCH_MS = 30000; // at most so often a touch tells the shop that somebody is still there
  let touchedMs = Date.now();
  let toldMs = Date.now();

  const over = () => location.replace("/join?quiet=1");
  const touched = () => {
    touchedMs = Date.now();
    if (touchedMs - toldMs < TOUCH_MS) return;
    toldMs = touchedMs;
    fetch("/join", { redirect: "manual" }).catch(() => {});
  };
  for (const kind of ["pointerdown", "keydown", "scroll"]) {
    document.addEventListener(kind, touched, { passive: true });
  }
  setInterval(() => { if (Date.now() - touchedMs >= IDLE_MS + 500) over(); }, 1000);
  // From the browser's own memory of pages: what stands here may be another's.
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
})();
