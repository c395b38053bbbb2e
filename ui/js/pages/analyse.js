/** Analyse: a photo comes in, an answer comes back, and the modules show it. The page stays while others are open. */

import { downloadAnnotated, saveFile } from "../annotate.js";
import { LOWEST_CONFIDENCE, predict, sample, setApiKey } from "../api.js";
import { Batch } from "../batch.js";
import { byId, setIcon } from "../dom.js";
import { Problem, isPassing } from "../errors.js";
import { Failure } from "../failure.js";
import { percent, whole } from "../format.js";
import { startHero } from "../hero.js";
import { openPicker, startIntake } from "../intake.js";
import { asJpeg, closePhoto, openPhoto, stem } from "../photo.js";
import { Result } from "../result.js";
import { link } from "../router.js";
import { askWhere } from "../save-dialog.js";
import { ShelfPanel } from "../shelf-panel.js";
import { announce, go, setTitle } from "../shell.js";
import { status } from "../status.js";
import { Strip } from "../strip.js";
import { coco, csv } from "../tables.js";
import { phrases, texts } from "../texts.js";
import { showTip, sizeText } from "../tip.js";
import { Viewer } from "../viewer.js";

/** @typedef {import("../photo.js").Photo} Photo */
/** @typedef {import("../batch.js").Shot} Shot */
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

const shelf = new ShelfPanel(viewer);
const batch = new Batch((file, signal) => ask(file, signal));
new Strip(batch, { choose: (shot) => void display(shot), remove: takeAway });

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

/**
 * Photos come in. One is looked at and then makes room for the next; several stay together, and so do those that a
 * camera brings before the last one is saved.
 *
 * @param {readonly File[]} files @param {boolean} [camera]
 */
function take(files, camera = false) {
  const together = files.length > 1 || batch.shots.length > 1 || (camera && batch.shown !== null && !batch.shown.saved);
  if (!together) batch.clear();
  const [first] = batch.add(files);
  void display(first);
}

/** Put a photo on the stage, with its answer or to have one. @param {Shot} shot */
async function display(shot) {
  const { file } = shot;
  const controller = begin();
  again = () => void display(shot);
  batch.shown = shot;
  batch.changed();
  const opening = openPhoto(file);
  byId("file-name", HTMLElement).textContent = file.name;
  byId("stage-note", HTMLElement).hidden = true;
  if (!shot.answer) show("waiting");
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
  if (shot.answer) showAnswer(shot);
  else if (!file.size) fail(new Problem("empty-file"));
  else await count(controller);
  void batch.work();
}

/** @param {Shot} shot  it leaves the strip, but not what was saved of it */
function takeAway(shot) {
  const next = batch.remove(shot);
  if (batch.shown === shot && next) void display(next);
}

/** @param {File} file @param {AbortSignal} signal */
function ask(file, signal) {
  const sure = status.model(chosenModel)?.operating_threshold;
  const confidence = Math.min(LOWEST_CONFIDENCE, sure ?? LOWEST_CONFIDENCE);
  const closer = byId("closer", HTMLInputElement).checked;
  return predict(file, { model: chosenModel, closer, confidence, sure, signal });
}

/** Send the photo on the stage and show the answer. @param {AbortController} [controller] */
async function count(controller = begin()) {
  const current = photo;
  const shot = batch.shown;
  if (!current || !shot) return;
  again = () => void count();
  viewer.setBoxes([]);
  viewer.setGaps([]);
  show("waiting");
  batch.set(shot, { state: "counting", answer: null, problem: null });
  try {
    if (!status.models.length) await status.refresh();
    const answer = await ask(current.file, controller.signal);
    // Looked away from meanwhile: the answer is kept for when it is looked at again.
    batch.set(shot, { state: "done", answer, model: answer.model.name });
    if (!controller.signal.aborted) showAnswer(shot);
  } catch (error) {
    if (!controller.signal.aborted) fail(error);
    else if (shot.state === "counting") batch.set(shot, { state: "waiting" });
  }
}

/** @param {Shot} shot  the one on the stage, with its answer */
function showAnswer({ answer, saved }) {
  if (!answer || !photo) return;
  failure.clear(true);
  if (!photo.full) viewer.setSize(answer.image);
  noteMissing(texts.noPreview);
  byId("download", HTMLButtonElement).disabled = photo.full === null;
  show("result");
  const model = status.model(answer.model.name);
  shelf.show(answer.report ?? null, model?.operating_threshold ?? LOWEST_CONFIDENCE);
  result.show(answer, model);
  showSaved(saved);
}

/** @param {boolean} saved */
function showSaved(saved) {
  const button = byId("save", HTMLButtonElement);
  button.disabled = saved;
  const words = button.querySelector("span");
  if (words) words.textContent = saved ? texts.savedAlready : texts.saveTitle;
}

/** Make audits of the photo on the stage, or of all at hand. */
async function save() {
  const { shown, shots } = batch;
  if (!shown) return;
  const unsaved = shots.filter(({ saved, file }) => !saved && file.size);
  const ready = unsaved.map(({ file, key, model }) => ({ file, key, model: model || chosenModel }));
  const here = ready.find(({ key }) => key === shown.key);
  if (!here) return;
  const chosen = await askWhere(here, ready);
  for (const shot of shots) if (chosen.some(({ key }) => key === shot.key)) batch.set(shot, { saved: true });
  if (batch.shown) showSaved(batch.shown.saved);
  byId("save-later", HTMLElement).hidden ||= chosen.length > 0;
}

/** @param {string} name */
async function takeSample(name) {
  const controller = begin();
  again = () => void takeSample(name);
  byId("file-name", HTMLElement).textContent = `${name}.jpg`;
  show("waiting");
  try {
    const file = await sample(name, controller.signal);
    if (!controller.signal.aborted) take([file]);
  } catch (error) {
    if (!controller.signal.aborted) fail(error);
  }
}

/** The remedy for a photo that only the browser can read, or that is too large. @param {boolean} smaller */
async function reencode(smaller) {
  const file = photo && (await asJpeg(photo, smaller));
  if (!file) return openPicker();
  if (batch.shown && batch.shots.length > 1) batch.remove(batch.shown);
  return take([file]);
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
  viewer.setGaps([]);
  noteMissing(texts.nothingToShow);
  if (batch.shown && batch.shown.state !== "done") batch.set(batch.shown, { state: "failed", problem });
  // A photo that the service cannot look at now is not lost: it may be an audit once it can.
  byId("save-later", HTMLElement).hidden = !isPassing(problem) || !batch.shown || batch.shown.saved;
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
    if (photo && !(await downloadAnnotated(photo, result.shown, { gaps: shelf.gaps, by: shelf.colouring }))) {
      byId("count-note", HTMLElement).textContent = texts.downloadFailed;
      announce(texts.downloadFailed);
    }
  });
}

/** The page is in the document from the start; to open it is to show it. */
export function open() {
  setTitle(title);
}

for (const id of ["save", "save-later"]) byId(id, HTMLButtonElement).addEventListener("click", () => void save());
byId("download-csv", HTMLButtonElement).addEventListener("click", () => {
  if (photo) saveFile(csv(result.shown), `${stem(photo.file.name)}-shelfwatch.csv`);
});
byId("download-coco", HTMLButtonElement).addEventListener("click", () => {
  if (!photo || !result.answer) return;
  saveFile(coco(result.answer, result.shown, photo.file.name), `${stem(photo.file.name)}-coco.json`);
});
document.addEventListener("themechange", () => result.drawHistogram());
startIntake(take);
startControls();
if (status.models.length) showModels();
void startHero(HERO_BOXES);
