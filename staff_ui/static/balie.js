// Keeps the two lines of the display true: asks when poked, and again when what they say is over.
// Written for browsers of 2013; where there is no EventSource it asks every two seconds.
(function () {
  "use strict";
  var ASK_MS = 20000; // a dead line looks like a quiet shop
  var POLL_MS = 2000;
  var lines = document.getElementById("lines");
  var turn = 0;

  function put(look, first, second) {
    document.getElementById("look").setAttribute("data-look", look);
    var pair = [["first", first], ["second", second]];
    for (var i = 0; i < pair.length; i++) {
      var line = document.getElementById(pair[i][0]);
      // Said again only when it changed, or a screen reader would repeat it every twenty seconds.
      if (line.textContent !== pair[i][1]) line.textContent = pair[i][1];
    }
  }

  function turnIn(ms) {
    clearTimeout(turn);
    if (ms > 0) turn = setTimeout(ask, ms + 50);
  }

  function ask() {
    var request = new XMLHttpRequest();
    request.open("GET", location.pathname + location.search);
    request.responseType = "document";
    request.timeout = 8000;
    request.onload = function () {
      var page = request.response;
      if (request.status !== 200 || !page || !page.getElementById("lines")) return lost();
      put(page.getElementById("look").getAttribute("data-look"),
        page.getElementById("first").textContent, page.getElementById("second").textContent);
      turnIn(Number(page.getElementById("lines").getAttribute("data-fresh-ms")));
    };
    request.onerror = request.ontimeout = lost;
    request.send();
  }

  function lost() {
    put("again", lines.getAttribute("data-lost"), lines.getAttribute("data-lost-second"));
    turnIn(POLL_MS);
  }

  if (window.EventSource) {
    var pokes = new EventSource("/balie/live");
    pokes.addEventListener("balie", ask);
    pokes.onopen = ask; // what happened while the line was down was not heard
    setInterval(ask, ASK_MS);
  } else {
    setInterval(ask, POLL_MS);
  }
  turnIn(Number(lines.getAttribute("data-fresh-ms")));
})();
