/** Analyse: a photo comes in, an answer comes back, and the modules show it. The page stays while others are open. */

import { downloadAnnotated } from "../annotate.js";
import { LOWEST_CONFIDENCE, predict, sample, setApiKey } from "../api.js";
import { byId, setIcon } from "../dom.js";
import { Problem } from "../errors.js";
import { Failure } from "../failure.js";
import { percent, whole } from "../format.js";
import { startHero } from "../hero.js";
import { openPicker, startIntake } from "../intake.js";
import { asJpeg, closePhoto, openPhoto } from "../photo.js";
import { Result } from "../result.js";
import { link } from "../router.js";
import { announce, go, setTitle } from "../shell.js";
import { status } from "../status.js";
import { phrases, texts } from "../texts.js";
import { showTip, sizeText } from "../tip.js";
import { Viewer } from "../viewer.js";

/** @typedef {import("../photo.js").Photo} Photo */
/** @typedef {"welcome" | "waiting" | "result" | "failure"} Mode */

const HERO_BOXES = "/static/samples/cooler.boxes.json";
const LONG_WAIT_MS = 8000;

/** The photo on the stage. @type {Photo | null} */
let photo = null;
/** What "try again" does. @type {() => void} */
let again = () => {};
/** The chosen model's name; empty for the service's first. */
let chosenModel = "";
/** What the page is called while it is open. */
let title = "";
/** The request under way. */
let running = new AbortController();

const viewer = new Viewer(
  {
    stage: byId("stage", HTMLElement),
    photoCanvas: byId("photo-canvas", HTMLCanvasElement),
    boxesCanvas: byId("boxes-canvas", HTMLCanvasElement),
  },
  {
    picked(item, at, how) {
      showTip(item, at);
      if (!item || "severity" in item || how !== "key" || document.activeElement !== viewer.stage) return;
      const index = viewer.readingOrder.indexOf(item) + 1;
      const [number, all] = [whole(index), whole(viewer.boxes.length)];
      announce(phrases.announceBox(item.label, percent(item.confidence), sizeText(item), number, all));
    },
    viewed(scale) {
      byId("zoom-value", HTMLElement).textContent = percent(Math.round(scale * 100) / 100);
    },
  },
);

const result = new Result({ shown: (detections, first) => viewer.setBoxes(detections, first), announce, titled });

const failure = new Failure({
  remedy(remedy) {
    if (remedy === "choose") openPicker();
    else if (remedy === "retry") again();
    else void reencode(remedy === "shrink");
  },
  key(key) {
    setApiKey(key);
    again();
  },
});

status.addEventListener("models", () => showModels());

function showModels() {
  const { models } = status;
  byId("model-choice", HTMLElement).hidden = models.length < 2;
  const select = byId("model", HTMLSelectElement);
  select.replaceChildren(...models.map(({ name, version }) => new Option(`${name} ${version}`, name)));
  if (models.some(({ name }) => name === chosenModel)) select.value = chosenModel;
  else chosenModel = "";
}

/** The page's title, seen while it is open. @param {string} text */
function titled(text) {
  title = text;
  if (document.body.dataset.page === "analyse") setTitle(title);
}

/** @param {Mode} mode */
function show(mode) {
  const leaving = document.body.dataset.state;
  document.body.dataset.state = mode;
  byId("welcome", HTMLElement).hidden = mode !== "welcome";
  byId("workspace", HTMLElement).hidden = mode === "welcome";
  byId("waiting", HTMLElement).hidden = mode !== "waiting";
  byId("failure", HTMLElement).hidden = mode !== "failure";
  byId("result", HTMLElement).hidden = mode !== "result";
  // What had the focus may just have gone; it moves on to what took its place, and never jumps otherwise.
  const lost = document.activeElement === document.body || document.activeElement === null;
  if (mode === leaving || !lost) return;
  const heir = { welcome: "main", waiting: "cancel", result: "count-heading", failure: "failure" }[mode];
  byId(heir, HTMLElement).focus({ preventScroll: true });
}

/** Show a new photo and count it. @param {File} file */
async function take(file) {
  const controller = begin();
  again = () => void take(file);
  const opening = openPhoto(file);
  byId("file-name", HTMLElement).textContent = file.name;
  byId("stage-note", HTMLElement).hidden = true;
  show("waiting");
  scrollTo({ top: 0 });
  const opened = await opening;
  if (controller.signal.aborted && running !== controller) {
    closePhoto(opened);
    return;
  }
  const old = photo;
  photo = opened;
  viewer.setPhoto(photo);
  closePhoto(old);
  if (controller.signal.aborted) return;
  if (!file.size) fail(new Problem("empty-file"));
  else await count(controller);
}

/** Send the photo on the stage and show the answer. @param {AbortController} [controller] */
async function count(controller = begin()) {
  const current = photo;
  if (!current) return;
  again = () => void count();
  viewer.setBoxes([]);
  show("waiting");
  try {
    const usual = status.model(chosenModel)?.operating_threshold ?? LOWEST_CONFIDENCE;
    const confidence = Math.min(LOWEST_CONFIDENCE, usual);
    const closer = byId("closer", HTMLInputElement).checked;
    const answer = await predict(current.file, { model: chosenModel, closer, confidence, signal: controller.signal });
    if (!status.models.length) await status.refresh();
    if (controller.signal.aborted) return;
    failure.clear(true);
    if (!current.full) viewer.setSize(answer.image);
    noteMissing(texts.noPreview);
    byId("download", HTMLButtonElement).disabled = current.full === null;
    show("result");
    result.show(answer, status.model(answer.model.name));
  } catch (error) {
    if (!controller.signal.aborted) fail(error);
  }
}

/** @param {string} name */
async function takeSample(name) {
  const controller = begin();
  again = () => void takeSample(name);
  byId("file-name", HTMLElement).textContent = `${name}.jpg`;
  show("waiting");
  try {
    const file = await sample(name, controller.signal);
    if (!controller.signal.aborted) await take(file);
  } catch (error) {
    if (!controller.signal.aborted) fail(error);
  }
}

/** The remedy for a photo that only the browser can read, or that is too large. @param {boolean} smaller */
async function reencode(smaller) {
  const file = photo && (await asJpeg(photo, smaller));
  if (file) await take(file);
  else openPicker();
}

/** End what is under way and start anew. */
function begin() {
  running.abort();
  failure.clear();
  running = new AbortController();
  const { signal } = running;
  titled("");
  if (document.body.dataset.page !== "analyse") go(link());
  byId("waiting-text", HTMLElement).textContent = texts.waitingText;
  announce(texts.waitingTitle);
  setTimeout(() => {
    if (!signal.aborted && document.body.dataset.state === "waiting" && running.signal === signal) {
      byId("waiting-text", HTMLElement).textContent = texts.waitingLong;
    }
  }, LONG_WAIT_MS);
  return running;
}

/** Say on the stage why no photo is there, if none is. @param {string} words */
function noteMissing(words) {
  const note = byId("stage-note", HTMLElement);
  note.hidden = !photo || photo.full !== null;
  note.textContent = words;
}

/** @param {unknown} error */
function fail(error) {
  const problem = error instanceof Problem ? error : new Problem("unexpected", { detail: String(error) });
  if (problem.slug === "network" || problem.slug === "draining") void status.refresh();
  viewer.setBoxes([]);
  noteMissing(texts.nothingToShow);
  show("failure");
  failure.show(problem, Boolean(photo?.full));
  const { textContent: title } = byId("failure-title", HTMLElement);
  announce(`${title}. ${byId("failure-text", HTMLElement).textContent}`);
}

function startControls() {
  for (const button of document.querySelectorAll("[data-sample]")) {
    button.addEventListener("click", () => void takeSample(button.getAttribute("data-sample") ?? ""));
  }
  byId("cancel", HTMLButtonElement).addEventListener("click", () => {
    running.abort();
    fail(new Problem("cancelled"));
  });
  byId("zoom-in", HTMLButtonElement).addEventListener("click", () => viewer.zoomBy(1.5));
  byId("zoom-out", HTMLButtonElement).addEventListener("click", () => viewer.zoomBy(1 / 1.5));
  byId("zoom-fit", HTMLButtonElement).addEventListener("click", () => viewer.fit());
  const toggle = byId("toggle-boxes", HTMLButtonElement);
  toggle.addEventListener("click", () => {
    viewer.showBoxes(!viewer.boxesShown);
    const label = viewer.boxesShown ? texts.boxesHide : texts.boxesShow;
    toggle.setAttribute("aria-label", label);
    toggle.title = label;
    setIcon(byId("toggle-boxes-icon", SVGUseElement), viewer.boxesShown ? "eye" : "eye-off");
  });
  byId("model", HTMLSelectElement).addEventListener("change", (event) => {
    if (!(event.target instanceof HTMLSelectElement)) return;
    chosenModel = event.target.value;
    void count();
  });
  byId("closer", HTMLInputElement).addEventListener("change", () => void count());
  byId("download", HTMLButtonElement).addEventListener("click", async () => {
    announce(texts.downloading);
    if (photo && !(await downloadAnnotated(photo, result.shown))) {
      byId("count-note", HTMLElement).textContent = texts.downloadFailed;
      announce(texts.downloadFailed);
    }
  });
}

/** The page is in the document from the start; to open it is to show it. */
export function open() {
  setTitle(title);
}

document.addEventListener("themechange", () => result.drawHistogram());
startIntake((file) => void take(file));
startControls();
if (status.models.length) showModels();
void startHero(HERO_BOXES);
