// A page that is there because a customer went follows its only link by itself, once it was read and there is a line.
(() => {
  "use strict";
  const READ_MS = 6000; // two short lines
  const AGAIN_MS = 2000;
  const LINE_MS = 2000; // a line that is half dead neither answers nor fails
  const to = new URL(document.querySelector("main .go").href);
  to.searchParams.set("quiet", "1"); // nobody touched it: it keeps no session open
  let timer = 0;
  const wait = (ms) => {
    clearTimeout(timer);
    timer = setTimeout(go, ms);
  };
  const go = () => {
    const mine = timer;
    const unlessTouched = (then) => () => { if (timer === mine) then(); };
    fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(LINE_MS) }).then(
      unlessTouched(() => location.replace(to)),
      unlessTouched(() => wait(AGAIN_MS)),
    );
  };
  // Whoever touches it is still there: they get the time to read it anew.
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => wait(READ_MS));
  wait(READ_MS);
})();
