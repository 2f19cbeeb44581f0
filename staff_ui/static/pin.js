// The PIN pad: keys that type into the field, so that no keyboard slides over it. Without this the field works.
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
})();
