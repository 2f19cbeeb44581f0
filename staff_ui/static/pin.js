// The PIN pad: keys that type into the field, so that no keyboard slides over it; and a tile chosen by a badge.
// Without this the field works.
(() => {
  "use strict";
  const form = document.getElementById("signin");
  const pad = form.querySelector(".pad");
  const pin = form.elements.pin;
  pad.hidden = false;
  pin.inputMode = "none";
  pad.addEventListener("click", (event) => {
    const digit = event.target.dataset?.digit;
    if (digit === undefined) return;
    pin.value = digit === "" ? pin.value.slice(0, -1) : (pin.value + digit).slice(0, pin.maxLength);
  });

  // A badge at a reader only chooses who is asked for a PIN. Not while somebody already types one.
  let chosen = "";
  setInterval(() => {
    if (document.hidden || pin.value) return;
    fetch("/signin/badge", { cache: "no-store" }).then((answer) => answer.json()).then(({ staff }) => {
      if (!staff || staff === chosen) { chosen = staff; return; }
      chosen = staff;
      for (const tile of form.querySelectorAll("[name=staff]")) {
        if (tile.value === staff) tile.checked = true;
      }
    }).catch(() => {});
  }, 1500);
})();
