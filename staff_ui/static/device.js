// The tablet's own key: made at pairing, never leaves this browser, signs what the box asks. Plain and CSP-safe.
(() => {
  "use strict";
  const AGAIN_MS = 20000; // a proof holds for a minute
  const own = document.currentScript.dataset.own;
  const pairing = document.getElementById("pairing");
  const door = document.getElementById("proving");
  let provenMs = 0;

  const asked = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  const store = async (mode) => {
    const opening = indexedDB.open("welkom", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
    const db = await asked(opening);
    db.onversionchange = () => db.close();
    return db.transaction("keys", mode).objectStore("keys");
  };

  const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  const made = async () => {
    // Aside until the box has said yes: a used or wrong code must not cost a paired tablet its key. A second press
    // takes the same one: the box may have taken it at the first.
    let pair = await key("next");
    if (!pair) {
      const fresh = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
      pair = { privateKey: fresh.privateKey, publicKey: fresh.publicKey };
      await asked((await store("readwrite")).put(pair, "next"));
    }
    navigator.storage?.persist?.(); // a browser short of room must not throw it away
    return text(await crypto.subtle.exportKey("raw", pair.publicKey));
  };

  const key = async (name) => {
    try {
      return await asked((await store("readonly")).get(name));
    } catch {
      return undefined;
    }
  };

  // true: the box knows that it is this browser; false: it is not; an exception: the line is down.
  const prove = async () => {
    const mine = await key("device");
    if (mine && await proves(mine)) return true;
    const next = await key("next");
    if (!next || !(await proves(next.privateKey))) return false;
    try {
      const keys = await store("readwrite");
      keys.put(next.privateKey, "device");
      await asked(keys.delete("next"));
    } catch {
      // It stays where it is, and proves as well from there.
    }
    return true;
  };

  const proves = async (mine) => {
    const answer = await fetch("/device/challenge", { cache: "no-store" });
    if (!answer.ok) return answer.status < 500 ? false : Promise.reject(new Error("box"));
    const challenge = await answer.text();
    const how = { name: "ECDSA", hash: "SHA-256" };
    const signature = text(await crypto.subtle.sign(how, mine, new TextEncoder().encode(challenge)));
    const body = new URLSearchParams({ own, challenge, signature });
    const done = await fetch("/device", { method: "POST", body, redirect: "manual" });
    if (done.type !== "opaqueredirect") return done.status < 500 ? false : Promise.reject(new Error("box"));
    provenMs = Date.now();
    return true;
  };

  if (pairing) {
    let ready = !window.isSecureContext;
    pairing.addEventListener("submit", async (event) => {
      if (ready) return;
      event.preventDefault();
      pairing.querySelector("button").disabled = true; // a second touch would use a code that is used by then
      try {
        pairing.elements.key.value = await made();
      } catch {
        // No room or no storage in this browser: its cookie is all it will have.
        pairing.elements.key.disabled = true;
      }
      // Asked for, not sent past everybody: keep.js sees to the line first, and sends it once.
      ready = true;
      pairing.requestSubmit();
    });
    return;
  }

  const go = async () => {
    try {
      if (await prove()) return location.replace(door.dataset.to);
      door.querySelector("[data-wait]").hidden = true;
      door.querySelector("[data-lost]").hidden = false;
    } catch {
      setTimeout(go, 2000);
    }
  };
  if (door) {
    go();
    return;
  }

  const again = async () => {
    try {
      if (!(await prove())) location.replace("/device?to=" + encodeURIComponent(location.pathname + location.search));
    } catch {
      // The line is down; the page says so itself, and the next turn tries again.
    }
  };
  // What was typed goes with a fresh proof, also after an hour of sleep.
  document.addEventListener("submit", (event) => {
    if (Date.now() - provenMs < AGAIN_MS * 2) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const { target, submitter } = event;
    const send = async () => {
      await again();
      const proven = Date.now() - provenMs < AGAIN_MS * 2;
      const unsent = document.getElementById("unsent");
      if (unsent) unsent.hidden = proven;
      if (proven) target.requestSubmit(submitter);
      else setTimeout(send, 2000); // the line is down: the page and what was typed stay
    };
    send();
  }, true);
  setInterval(again, AGAIN_MS);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) again(); });
  again();
})();
