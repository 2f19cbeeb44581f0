// Makes a passkey, or proves one: asks the hub what for, lets the browser ask its owner, hands over what came of it.
(() => {
  "use strict";
  if (!window.PublicKeyCredential) return; // the forms stay hidden: links and codes work everywhere
  const raw = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const send = async (to, fields) => {
    const answer = await fetch(to, { method: "POST", cache: "no-store", headers: { accept: "application/json" }, body: new URLSearchParams(fields) });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  const make = async (options) => {
    options.user.id = raw(options.user.id);
    for (const each of options.excludeCredentials) each.id = raw(each.id);
    const made = await navigator.credentials.create({ publicKey: options });
    return { id: text(made.rawId), client: text(made.response.clientDataJSON), data: text(made.response.getAuthenticatorData()) };
  };

  const prove = async (options) => {
    const { rawId, response } = await navigator.credentials.get({ publicKey: options });
    return {
      id: text(rawId), client: text(response.clientDataJSON), data: text(response.authenticatorData),
      signature: text(response.signature), user: text(response.userHandle ?? new ArrayBuffer(0)),
    };
  };

  // Said of the page and heard on it: what stands in <main> may be new at any moment (portal.js).
  document.documentElement.classList.add("passkeys");
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("[data-passkey]");
    if (!form) return;
    event.preventDefault();
    const trouble = form.querySelector("[data-trouble]");
    const button = form.querySelector("button");
    trouble.hidden = true;
    button.disabled = true;
    try {
      const own = Object.fromEntries(new FormData(form));
      const options = await send(form.dataset.passkey, own);
      options.challenge = raw(options.challenge);
      const came = options.rp ? await make(options) : await prove(options);
      location.assign((await send(form.getAttribute("action"), { ...own, ...came })).to);
    } catch {
      // Nobody unlocked it, no passkey is there, or the hub refused: the other ways stand below.
      trouble.hidden = false;
      button.disabled = false;
    }
  });
})();
