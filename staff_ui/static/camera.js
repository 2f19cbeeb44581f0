// The tablet's camera as a scanner. A picture never leaves this page: it is looked at, and only the code is sent.
(() => {
  "use strict";
  const LOOK_MS = 120; // between two looks: quick enough for a hand, slow enough for a cheap tablet
  const WIDTH = 1280; // of the picture that is looked at, in pixels: the bars of an EAN at arm's length
  const THOROUGH = 5; // every so many looks the library looks at each line and sideways too, some ten times as long
  const TWICE = new Set(["ean_13", "ean_8", "upc_a", "code_39"]); // a weak check digit, or none
  const FORMATS = ["ean_13", "ean_8", "upc_a", "code_128", "code_39", "data_matrix", "qr_code"];
  const library = document.currentScript.dataset.reader;
  const form = document.getElementById("scan");
  const video = document.getElementById("view");
  const said = document.getElementById("said");
  let stream = null;
  let over = false;

  const say = (what) => { said.textContent = said.dataset[what]; };
  const stop = () => {
    over = true;
    for (const track of stream ? stream.getTracks() : []) track.stop();
  };
  const cannot = (why) => {
    stop();
    video.hidden = true;
    say(why);
    document.getElementById("again").hidden = why === "noHttps";
  };

  // Each gives a function: a video in, {code, form} or null out.
  const byBrowser = async () => {
    if (!("BarcodeDetector" in window)) return null;
    const known = await BarcodeDetector.getSupportedFormats();
    if (!known.includes("ean_13") || !known.includes("qr_code")) return null;
    const detector = new BarcodeDetector({ formats: FORMATS.filter((each) => known.includes(each)) });
    return async (picture) => {
      const [first] = await detector.detect(picture);
      return first ? { code: first.rawValue, form: first.format } : null;
    };
  };
  const byLibrary = async () => {
    await import(library);
    const { BarcodeFormat, BinaryBitmap, DataMatrixReader, DecodeHintType, HTMLCanvasElementLuminanceSource, HybridBinarizer, MultiFormatOneDReader, QRCodeReader } = window.ZXing;
    // Its own reader of many formats writes to the console whenever one of them finds nothing.
    const formats = FORMATS.map((each) => BarcodeFormat[each.toUpperCase()]);
    const quick = new Map([[DecodeHintType.POSSIBLE_FORMATS, formats], [DecodeHintType.ASSUME_GS1, true]]);
    const thorough = new Map([...quick, [DecodeHintType.TRY_HARDER, true]]);
    const readers = [new QRCodeReader(), new MultiFormatOneDReader(quick), new DataMatrixReader()];
    let looks = 0;
    const canvas = document.createElement("canvas");
    const paper = canvas.getContext("2d", { willReadFrequently: true });
    return async (picture) => {
      canvas.width = Math.min(WIDTH, picture.videoWidth);
      canvas.height = Math.round(canvas.width * picture.videoHeight / picture.videoWidth);
      paper.drawImage(picture, 0, 0, canvas.width, canvas.height);
      const bitmap = new BinaryBitmap(new HybridBinarizer(new HTMLCanvasElementLuminanceSource(canvas)));
      looks += 1;
      for (const reader of readers) {
        try {
          const found = reader.decode(bitmap, looks % THOROUGH ? quick : thorough);
          return { code: found.getText(), form: BarcodeFormat[found.getBarcodeFormat()].toLowerCase() };
        } catch {
          continue; // none of its kind in this picture
        }
      }
      return null;
    };
  };

  const look = async (read) => {
    let last = "";
    while (!over) {
      const found = video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA ? await read(video) : null;
      if (over) return;
      if (found && found.code.trim()) {
        if (!TWICE.has(found.form) || found.code === last) return send(found);
        last = found.code;
      }
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  };
  const send = (found) => {
    stop();
    say("found");
    form.elements.code.value = found.code;
    form.elements.symbology.value = found.form;
    form.requestSubmit();
  };

  const start = async () => {
    if (!window.isSecureContext) return cannot("noHttps");
    if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) return cannot("noCamera");
    say("starting");
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: "environment", width: { ideal: WIDTH }, height: { ideal: 720 } },
      });
    } catch (error) {
      return cannot({ NotAllowedError: "refused", NotReadableError: "busy" }[error.name] || "noCamera");
    }
    if (over) return stop();
    video.srcObject = stream;
    video.hidden = false;
    await video.play().catch(() => {});
    let read = null;
    try {
      read = (await byBrowser()) || (await byLibrary());
    } catch {
      return cannot("noReader");
    }
    if (over) return undefined;
    if (said.textContent === said.dataset.starting) say("looking");
    return look(read);
  };

  // A tablet that is put down does not go on looking, nor does a page in the browser's memory.
  window.addEventListener("pagehide", stop);
  document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); else if (over) location.reload(); });
  start();
})();
