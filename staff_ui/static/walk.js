// A calibration walk: how far it is, told each second without loading the page; when it is over, the page anew.
(() => {
  "use strict";
  const ASK_MS = 1000;
  const standing = document.querySelector(".standing");
  const ask = async () => {
    try {
      const answer = await fetch("/manage/walk?quiet=1", { cache: "no-store" });
      const now = /data-share="(\d+)" data-said="([^"]*)"/.exec(await answer.text());
      if (!now) {
        location.replace("/manage/walk?quiet=1");
        return;
      }
      standing.querySelector("progress").value = Number(now[1]);
      standing.querySelector("[data-told]").textContent = now[2];
    } catch { /* the line is down; the walk goes on without the page */ }
    setTimeout(ask, ASK_MS);
  };
  setTimeout(ask, ASK_MS);
})();
