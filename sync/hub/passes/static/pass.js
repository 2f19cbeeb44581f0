"use strict";
// A new code each half minute, from the pass's own secret: with a line or without. The rule is edge/recognition/rotating.py's.
const WINDOW_MS = 30_000, LETTERS32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", QUIET = 4;
const KEPT = "welkom-pass", CLOCK = "welkom-pass-clock";
const code = document.querySelector("[data-pass]");

const base32 = (bits) => bits.match(/.{5}/g).map((each) => LETTERS32[parseInt(each, 2)]).join("");
const bitsOf = (value, count) => value.toString(2).padStart(count, "0");

async function codeAt(key, name, atMs) {
  const window = Math.floor(atMs / WINDOW_MS);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(String(window))));
  return "WLK1:" + name + base32(bitsOf(window, 30)) + base32([...mac.slice(0, 5)].map((each) => bitsOf(each, 8)).join(""));
}

function draw(text) {
  const rows = globalThis.welkomQr(text), side = rows.length + 2 * QUIET;
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const dark = rows.flatMap((row, y) => row.map((on, x) => on ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : ""));
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", code.dataset.label);
  path.setAttribute("d", dark.join(""));
  svg.append(path);
  code.querySelector("svg").replaceWith(svg);
  code.dataset.code = text;
}

// How far this phone's clock is from the hub's: asked with a line, remembered without.
async function clock() {
  try {
    const before = Date.now(), answer = await fetch("/portal/pass/now");
    if (!answer.ok) throw new Error("no time");
    const off = Number(await answer.text()) - (before + Date.now()) / 2;
    localStorage.setItem(CLOCK, String(Math.round(off)));
  } catch {
    document.body.classList.add("apart");
  }
  return Number(localStorage.getItem(CLOCK) || 0);
}

async function rotate() {
  const secret = Uint8Array.from(code.dataset.secret.match(/../g), (each) => parseInt(each, 16));
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  let off = await clock();
  addEventListener("online", async () => { document.body.classList.remove("apart"); off = await clock(); });
  addEventListener("offline", () => document.body.classList.add("apart"));
  const bar = document.querySelector("progress");
  let shown = "";
  const turn = async () => {
    const now = Date.now() + off, text = await codeAt(key, code.dataset.pass, now);
    bar.value = WINDOW_MS - now % WINDOW_MS;
    if (text !== shown) draw(shown = text);
    setTimeout(turn, Math.min(500, WINDOW_MS - now % WINDOW_MS + 5));
  };
  await turn();
}

// The page itself is kept on the phone, so that it opens where there is no line.
async function keep() {
  if (!("serviceWorker" in navigator)) return;
  const policy = globalThis.trustedTypes
    ? trustedTypes.createPolicy("pass", { createScriptURL: (address) => address }) : { createScriptURL: (address) => address };
  await navigator.serviceWorker.register(policy.createScriptURL("/portal/pass/sw.js"), { scope: "/portal/pass" });
  const kept = await caches.open(KEPT);
  const own = [...document.querySelectorAll("script[src], link[rel=stylesheet]")].map((each) => each.src || each.href);
  await kept.addAll([location.pathname, ...own]);
  // What another version of this page asked for is asked for no more.
  const wanted = new Set([location.href.split(/[?#]/)[0], ...own]);
  for (const { url } of await kept.keys()) if (!wanted.has(url)) await kept.delete(url);
  document.body.dataset.kept = "yes";
}

if (code) {
  if (globalThis.crypto && crypto.subtle) {
    rotate();
    keep().catch(() => {}); // a full phone keeps nothing: the pass then works with a line alone
  } else {
    setTimeout(() => location.reload(), WINDOW_MS / 2); // without HTTPS the hub makes each code
  }
}
