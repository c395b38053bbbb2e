/**
 * Every word the page says. To translate, copy this file, change only the strings and name it in texts.js.
 *
 * Plain strings are put in by `data-text` (content), `data-label` (aria-label) and `data-alt` in index.html.
 */

export const LOCALE = "en";

/** Which way it is written. @type {"ltr" | "rtl"} */
export const DIRECTION = "ltr";

const plural = new Intl.PluralRules(LOCALE);
const tenths = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });

/**
 * @param {number} count
 * @param {string} one
 * @param {string} many
 */
const choose = (count, one, many) => (plural.select(count) === "one" ? one : many);

export const texts = {
  skip: "Skip to the content",
  openPhoto: "Open photo",
  takePhoto: "Take a photo",
  choosePhoto: "Choose a photo",
  trySample: "Try the sample shelf",
  close: "Close",
  undo: "Undo",
  loading: "Loading",

  navigation: "Pages",
  notices: "Notices",
  pageAnalyse: "Analyse",
  pageTodo: "To do",
  pageStores: "Stores",
  pageStatus: "Status",
  pageSettings: "Settings",
  pageMissing: "There is no such page",
  pageMissingText: "The address may be mistyped, or what it showed is gone.",
  pageMissingNext: "Go to the start",

  themeToDark: "Switch to the dark theme",
  themeToLight: "Switch to the light theme",

  statusConnecting: "Connecting",
  statusStarting: "Starting up",
  statusDraining: "Restarting",
  statusFailed: "No model loaded",
  statusOffline: "Not reachable",

  welcomeTitle: "Every product on the shelf, counted.",
  welcomeLead:
    "Take a photo of a shelf. ShelfWatch draws a box around each product and counts them, in well under a second.",
  welcomeHint: "Or drop a photo anywhere on this page, or paste one.",
  welcomeFormats: "JPEG, PNG or WebP.",
  samples: "Sample shelves",
  sampleShelf: "Grocery shelf",
  sampleShelfNote: "Boxes, jars and bottles",
  sampleCooler: "Drinks cooler",
  sampleCoolerNote: "Bottles and cans, close together",
  heroLabel: "Count the products in the sample cooler",
  heroProducts: "products",

  dropHere: "Drop the photo to count its products",
  pastedName: "Pasted photo",

  workspaceTitle: "Your photo",
  stageLabel: "Photo. Plus and minus zoom, 0 fits, arrows move, N and P step through the boxes.",
  toolbar: "View",
  boxesHide: "Hide the boxes",
  boxesShow: "Show the boxes",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  zoomFit: "Fit the photo",
  nothingToShow: "This file has no picture to show.",
  noPreview: "This browser cannot show this photo. The boxes below are where the service found products.",

  panel: "Result",
  waitingTitle: "Counting products",
  waitingText: "Looking at the photo.",
  waitingLong: "This takes longer than usual. You can wait or cancel; the photo stays here.",
  cancel: "Cancel",

  foundOne: "product found",
  foundMany: "products found",
  itemOne: "item found",
  itemMany: "items found",
  confidence: "Confidence",
  confidenceLow: "More boxes",
  confidenceHigh: "Only sure ones",
  legend: "Kinds",
  timing: "Time",
  inference: "Inference",
  total: "Total",
  model: "Model",
  closer: "Closer look at dense shelves",
  tiles: "Tiles",
  precision: "Precision",
  runtime: "Runtime",
  photo: "Photo",
  decode: "Decode",
  queue: "Queue",
  requestId: "Request",
  download: "Download annotated PNG",
  downloading: "Drawing the PNG",
  downloadFailed: "The browser could not draw the PNG. Try again with a smaller photo.",

  json: "JSON",
  jsonScope: "Which boxes",
  jsonAll: "Full answer",
  jsonShown: "As shown",
  jsonView: "The answer as JSON",
  copy: "Copy",
  copied: "Copied",
  copyFailed: "Press Ctrl C",

  keyLabel: "API key",
  keyNote: "Kept in this tab only, until you close it.",
  keyUse: "Use this key",

  retry: "Try again",
  convert: "Convert to JPEG and try again",
  shrink: "Make it smaller and try again",
  chooseOther: "Choose another photo",
  failureFallback: "Something went wrong",

  // Audit
  crumbs: "Where this is",
  facings: "Facings",
  fillRate: "Fill rate",
  gaps: "Gaps",
  colouring: "Colour by",
  colourByRow: "Row",
  colourByConfidence: "Confidence",
  colourByKind: "Kind",
  auditReview: "Review",
  auditDelete: "Delete",
  auditDeleted: "Audit deleted.",
  auditRestored: "The audit is back.",
  auditNeighbours: "Audits of this bay",
  auditEarlier: "Previous audit",
  auditLater: "Next audit",
  auditCompare: "Compare with previous",
  auditNoNeighbours: "Other audits of this bay cannot be listed right now.",
  auditWhose: "Whose boxes",
  auditByModel: "Model",
  auditByPerson: "Corrected",
  auditShowGaps: "Show gaps",
  auditCount: "Boxes",
  auditRows: "Rows",
  auditRow: "Row",
  auditGap: "Gap",
  auditWidth: "Width",
  auditNoRows: "No shelf rows were found. Review the boxes, or take a photo straight on.",
  auditNoGaps: "No gaps. This bay is full where the photo shows it.",
  auditTaken: "Taken",
  auditCreated: "Recorded",
  auditId: "Audit",
  auditNote: "Note",
  auditNoteEmpty: "Anything worth knowing about this photo",
  auditNoteSave: "Save note",
  auditNoteSaved: "Note saved",
  auditPhotoLoading: "Loading the photo",
  auditPhotoMissing: "The photo could not be loaded. The boxes are where the model found products.",
  auditPhotoUnreadable: "This browser cannot show this photo. The boxes are where the model found products.",
  exportMenu: "Export",
  exportCorrected: "As corrected",
  exportPicture: "Photo with boxes (PNG)",

  // Review
  reviewStage: "Photo with boxes to correct. N and P go through the boxes, Enter accepts, question mark lists all keys.",
  reviewBack: "Back to the audit",
  reviewSave: "Save",
  reviewSaved: "All saved",
  reviewUntouched: "As the model has it",
  reviewMore: "More",
  reviewTools: "Tools",
  reviewPanel: "Boxes",
  reviewQueue: "Least sure first",
  reviewListLabel: "Boxes, least sure first",
  reviewFilter: "Show",
  reviewProgress: "Boxes seen",
  reviewSeen: "seen",
  reviewNotSeen: "not seen yet",
  reviewByHand: "by hand",
  reviewEmpty: "No boxes. Draw one by dragging on the photo.",
  reviewAllSeen: "Every box has been seen.",
  reviewNoneMatch: "No box is like this.",
  reviewEdit: "Edit boxes",
  reviewAdd: "Add boxes",
  reviewSeveral: "Select several",
  reviewUndo: "Undo",
  reviewRedo: "Redo",
  reviewUndone: "Undone",
  reviewRedone: "Redone",
  reviewLabel: "Label",
  reviewDuplicate: "Duplicate",
  reviewRemove: "Delete",
  reviewCompare: "Show the model's answer",
  reviewCompareOn: "The model's boxes are drawn dashed.",
  reviewCompareOff: "Only your boxes are drawn.",
  reviewPrevious: "Previous box",
  reviewNext: "Next box",
  reviewAccept: "Accept",
  reviewLabelTitle: "Label",
  reviewLabelField: "What it is",
  reviewLabelUse: "Use it",
  reviewWho: "Your name",
  reviewWhoTitle: "Who is correcting?",
  reviewWhoLabel: "Your name",
  reviewWhoHint: "Stands beside your corrections. It is asked once and kept on this device.",
  reviewWhoUse: "Go on",
  reviewHistory: "History",
  reviewShortcuts: "Keys",
  filterAll: "All boxes",
  filterUnseen: "Not seen yet",
  filterChanged: "Changed by hand",
  changesNone: "No changes to the model's answer",
  historyLead: "Nothing is ever overwritten. Take one up to go on from it; undo takes that back.",
  historyNone: "Nobody has corrected this audit yet.",
  historyModel: "The model's own answer",
  historyTake: "Take up",
  historyTaken: "Taken up. Save to make it the newest.",
  trainingYolo: "Training set (YOLO)",
  trainingCoco: "Training set (COCO)",
  conflictTitle: "Someone else saved meanwhile",
  conflictText: "Both stay in the history. Load theirs and undo brings yours back; save yours on top and theirs stays below.",
  conflictTheirs: "Load theirs",
  conflictMine: "Save mine on top",
  conflictLater: "Not yet",
  conflictTaken: "Their boxes are loaded.",
  draftTitle: "Go on where you stopped?",
  draftGoOn: "Go on",
  draftDiscard: "Discard",
  draftDiscarded: "Discarded.",
  draftTakenUp: "Your unsaved work is back.",
  draftKept: "Your unsaved corrections are kept on this device.",
  draftBack: "Go back",
  draftNotKept: "This browser cannot keep unsaved work. Save before you leave.",
  leaveTitle: "Leave without saving?",
  leaveText: "Your corrections are kept on this device and offered again when you come back.",
  leaveStay: "Stay",
  leaveLeave: "Leave",
  leaveSave: "Save and leave",
  shortcutStep: "Next and previous box, least sure first",
  shortcutAccept: "Accept, and on to the next one not seen",
  shortcutRemove: "Delete what is selected",
  shortcutAdd: "Add boxes: drag anywhere",
  shortcutAddMiddle: "Add a box in the middle of the view",
  shortcutEdit: "Edit boxes: drag on a box moves it, on the background draws one",
  shortcutSeveral: "Select several: drag a frame, or tap one by one",
  shortcutLabel: "Label what is selected",
  shortcutDigits: "Label it with the first, second … known label",
  shortcutNudge: "Move what is selected by a pixel; with nothing selected, the photo",
  shortcutPull: "Make the selected box larger or smaller",
  shortcutShift: "With arrows: ten pixels. With a click or drag: select more",
  shortcutDuplicate: "Duplicate what is selected",
  shortcutCopy: "Copy and paste",
  shortcutAll: "Select all; the next one too",
  shortcutUndo: "Undo and redo",
  shortcutSave: "Save",
  shortcutCompare: "Show the model's answer, dashed",
  shortcutZoom: "Zoom in, out, fit",
  shortcutEscape: "Back to editing; select nothing",
  shortcutHelp: "This list",
  shortcutTouch: "By touch: one finger edits, two fingers zoom and move the photo.",
  // Limits of a bay
  bayExpected: "Facings of the full bay",
  bayExpectedHint: "How many are there when nothing is missing. Empty if nobody knows.",
  bayMinFill: "Least fill rate, in per cent",
  bayMinFillHint: "An alert is due below it. Empty for no such alert.",
  bayMinFacings: "Fewest facings",
  bayMinFacingsHint: "An alert is due below it. Empty for no such alert.",
  bayMaxGaps: "Most gaps",
  bayMaxGapsHint: "An alert is due above it. Empty for no such alert.",
  bayAlertAfter: "Photos in a row before an alert",
  bayAlertAfterHint: "1 tells at once; 2 or more waits until it is no passing thing.",
  baySave: "Save the limits",

  // To do
  todoStore: "Store",
  todoEveryStore: "Every store",
  todoKind: "Kind",
  todoEvery: "All",
  todoGaps: "Gaps",
  todoAlerts: "Alerts",
  todoReload: "Load the list again",
  todoNobody: "Your verdicts carry no name.",
  todoAddName: "Say who you are",
  todoChangeName: "Change",
  todoKeysMove: "next and previous",
  todoKeysAnswer: "answer",
  todoNone: "Nothing to do",
  todoNoneText: "No gap and no alert is open. The next photo may change that.",
  todoStores: "See the stores",
  todoNoneHere: "Nothing to do here",
  todoNoneHereText: "Nothing is open for this choice of store and kind.",
  todoAll: "Show everything",
  more: "Load more",
  taskDone: "Done",
  taskDoneSaid: "Done",
  taskFalse: "False alarm",
  taskFalseSaid: "False alarm",
  taskNotNow: "Not workable",
  taskNotNowSaid: "Not workable",
  taskAnswers: "What came of it",
  taskKindGap: "Gap",
  taskKindAlert: "Alert",
  taskAcknowledged: "Seen by someone",
  taskAudit: "See the photo",
  taskBack: "Taken back.",
  taskGone: "A newer photo has settled this already.",
  taskSendNow: "Send now",
  taskEnterKey: "Enter a key",

  // Settings
  save: "Save",
  settingsYou: "You",
  yourName: "Your name",
  yourNameHint: "Goes with your corrections and verdicts, so that others know whom to ask. Kept on this device.",
  nameForgotten: "Your name is forgotten.",
  settingsAccess: "Access",
  keyNone: "No key is set. You need one only if whoever runs the service gave you one.",
  keyInTab: "A key is set for this tab, until you close it.",
  keyOnDevice: "A key is remembered on this device.",
  keyRemember: "Remember it on this device",
  keyRememberHint:
    "It is then kept in this browser, unencrypted, until you remove it: whoever uses this browser uses the service as you. Do not choose this on a shared device.",
  keySave: "Use this key",
  keyTest: "Test",
  keyTesting: "Asking the service.",
  keyRemove: "Remove the key",
  keyRemoved: "The key is removed.",
  keyWorks: "The key works.",
  keyNotNeeded: "The service answers; it asks for no key.",
  keyWrong: "The service does not accept this key.",
  keyMissing: "The service asks for a key, and none is set.",
  settingsLook: "Look",
  settingsTheme: "Theme",
  themeSystem: "As the system",
  themeLight: "Light",
  themeDark: "Dark",
  settingsLanguage: "Language",
  languageOfBrowser: "As the browser",
  settingsFigures: "Figures",
  settingsSize: "Size of photos",
  sizePixels: "Pixels",
  sizeMegapixels: "Megapixels",
  settingsClock: "Time of day",
  clockLocale: "As usual here",
  clockDay: "24 hours",
  clockHalf: "12 hours",
  settingsWhen: "First of all",
  whenRelative: "How long ago",
  whenAbsolute: "Date and time",
  settingsBays: "Limits of a bay",
  limitsStore: "Store",
  limitsBay: "Bay",
  limitsChooseStore: "Choose a store",
  limitsChooseBay: "Choose a bay",
  limitsNoStores: "There is no store yet; the first audit makes one.",
  settingsDevice: "This device",
  deviceUnknown: "This browser does not tell how much is kept.",
  deviceHint: "Your settings and what waits to be sent are kept in this browser. Audits are kept by the service.",
  deviceClear: "Clear what is kept here",
  deviceClearTitle: "Clear everything kept in this browser?",
  deviceClearText:
    "Your name, key, settings, unfinished reviews, and photos and verdicts that have not been sent are deleted for good. What the service has stays.",
  deviceClearNow: "Clear",
  settingsService: "Service",
  serviceStatus: "Status",
  serviceOpenapi: "OpenAPI document",

  // Status
  statusPause: "Pause",
  statusResume: "Go on",
  statusPaused: "Paused",
  statusGoesOn: "Goes on",
  statusModels: "Models",
  statusVersion: "Version",
  statusUp: "Started",
  statusAsTable: "As a table, over the last five minutes",
  metric: "Figure",
  metricNone: "–",
  metricNow: "Now",
  metricLeast: "Least",
  metricMean: "Mean",
  metricMost: "Most",
  metricRequests: "Requests",
  metricRequestsNote: "Over ten seconds, without this page's own",
  metricLatency: "Time of an answer to /predict",
  metricPhotos: "Photos",
  metricPhotosNote: "Answered, over ten seconds",
  metricQueue: "Queue",
  metricQueueNote: "Photos that wait for their turn",
  metricInFlight: "Under way",
  metricInFlightNote: "Requests being answered, this page's too",
  metricRejected: "Refused",
  metricRejectedNone: "None in the last five minutes",
  metricMemory: "Memory",
  metricMemoryNote: "Resident, of all processes",
  metricCpu: "Processor",
  metricCpuNote: "100% is one core",
  metricProducts: "Products in a photo",
  metricProductsNote: "On average, over a minute",
  answersGood: "Answered",
  answersRefused: "Refused (4xx)",
  answersFailed: "Failed (5xx)",

  // Analyse: several photos, the shelf, saving
  photos: "Photos",
  shotRemove: "Take this photo away",
  shelf: "Shelf",
  shelfDetails: "Rows and gaps",
  colourPlain: "Plain",
  saveTitle: "Save as audit",
  saveLater: "Save it for later",
  saveStore: "Store",
  saveBay: "Bay",
  saveTaken: "Taken",
  saveNote: "Note",
  savedOpen: "Open",
  savedAlready: "Saved",
  waitingHeading: "Waiting to be sent",
  waitingHint: "Kept in this browser, and sent by itself when the service can be reached. Nothing is sent twice.",
  waitingSend: "Send now",
  waitingRemoved: "The photo is not sent any more.",

  // Stores
  boardBays: "Bays",
  boardLowest: "Lowest",
  boardAlerts: "Open alerts",
  boardSearch: "Search stores and bays",
  boardAny: "Any fill rate",
  boardOnlyAlerts: "Only with open alerts",
  boardNone: "Nothing fits. Search for less, or take a filter away.",
  boardNoAudit: "No photo yet",
  boardEmpty: "No audits yet",
  boardEmptyText: "Take a photo of a shelf and save it as an audit. Its store and bay appear here.",
  boardMissing: "There is no such store",

  // Bay
  bayStock: "Stock",
  bayLastPhoto: "Last photo",
  bayExpectations: "What is expected",
  bayEmpty: "No photo of this bay yet",
  bayEmptyText: "Take one and save it as an audit of this bay. How it goes is drawn here.",
  trend: "Trend",
  trendLabel: "Figures over time. Arrows go from photo to photo, Enter opens one.",
  trendSeries: "Figure",
  trendRange: "Time",
  trendAll: "All",
  trendNone: "No photo in this time.",
  trendThreshold: "alert",
  trendTable: "As a table",
  loadMore: "Load more",
  compareHint: "Choose two to compare them.",
  compareChosen: "Compare the two",
  alertSince: "Since",
  alertSeen: "Someone sees to it.",
  alertAcknowledge: "I see to it",
  alertRestocked: "Restocked",
  alertFalse: "False alarm",
  alertNotWorkable: "Not workable",
  alertThanks: "Noted. The next photo tells whether it is over.",

  // Compare
  compare: "What changed",
  compareEarlier: "Earlier",
  compareLater: "Later",
  compareSwap: "Swap",
  compareLeft: "Left",
  compareCame: "Came",
  compareNone: "None.",
  compareApart: "These photos do not show the same shelf from close enough spots to be laid over each other. They stand side by side, and only the figures are compared.",
  wipe: "How much of the earlier photo is shown",
  wipeLabel: "Both photos, one over the other. Plus and minus zoom, 0 fits, arrows move.",
};

/** @typedef {keyof typeof texts} TextKey */

/** Sentences with a value inside. */
export const phrases = {
  /** @param {number} count @param {boolean} mixed  more than one kind of thing */
  found: (count, mixed) =>
    mixed ? choose(count, texts.itemOne, texts.itemMany) : choose(count, texts.foundOne, texts.foundMany),
  /** @param {string} limit */
  truncated: (limit) => `The service stopped at ${limit} boxes; the shelf may hold more.`,
  nothing: "Nothing at this confidence. Move the slider to the left, or try a photo taken closer and straight on.",
  /** @param {string} value */
  reset: (value) => `Reset to ${value}`,
  /** @param {string} count @param {string} noun @param {string} time */
  announceResult: (count, noun, time) => `${count} ${noun} in ${time}.`,
  /** @param {string} count @param {string} noun @param {string} confidence */
  announceFilter: (count, noun, confidence) => `${count} ${noun} at ${confidence} confidence.`,
  /** @param {string} label @param {string} confidence @param {string} size @param {string} index @param {string} all */
  announceBox: (label, confidence, size, index, all) => `${label}, ${confidence}, ${size}. Box ${index} of ${all}.`,
  /** @param {string} name @param {string} version */
  statusReady: (name, version) => `${name} ${version}`,
  /** @param {number} seconds */
  retryIn: (seconds) => `It is sent again by itself in ${seconds} s.`,
  stillBusy: "It did not become free after several tries. Try again in a minute.",
  /** @param {string} row @param {string} position  both counted from 1 */
  place: (row, position) => `Row ${row}, place ${position}`,
  /** @param {string} row */
  row: (row) => `Row ${row}`,
  /** @param {string} severity */
  gap: (severity) => ({ critical: "Very large gap", major: "Large gap" })[severity] ?? "Gap",
  /** @param {number} facings  may be a fraction */
  facingsWide: (facings) => `${tenths.format(facings)} ${choose(facings, "facing", "facings")} wide`,
  /** @param {string} width @param {string} height */
  size: (width, height) => `${width} × ${height} px`,
  /** @param {string} detail */
  detail: (detail) => `The service says: ${detail}`,
  /** @param {string} id */
  request: (id) => `Request ${id}`,
  /** @param {string} count @param {string} noun */
  title: (count, noun) => `${count} ${noun}`,
  /** @param {number} count @param {string} text */
  jsonBoxes: (count, text) => `${text} ${choose(count, "box", "boxes")}`,

  // Audit
  /** @param {string} bay @param {string} moment */
  auditTitle: (bay, moment) => `${bay}, ${moment}`,
  /** @param {string} who @param {string} moment */
  auditCorrected: (who, moment) => `Corrected by ${who}, ${moment}`,
  /** @param {number} rows */
  auditInRows: (rows) => `in ${rows} ${choose(rows, "row", "rows")}`,
  /** @param {string} count */
  auditLarge: (count) => `${count} large`,
  /** @param {string} place @param {string} all */
  auditPlace: (place, all) => `${place} of ${all}`,
  /** @param {string} format */
  exportAs: (format) => `Boxes as ${format}`,

  // Review
  /** @param {string} bay */
  reviewTitle: (bay) => `Review of ${bay}`,
  /** @param {string} seen @param {string} all */
  reviewProgress: (seen, all) => `${seen} of ${all} seen`,
  /** @param {string} label */
  reviewNewLabel: (label) => `New boxes are labelled “${label}”.`,
  /** @param {number} count @param {string} text */
  reviewSelected: (count, text) => `${text} ${choose(count, "box", "boxes")} selected`,
  /** @param {number} count @param {string} text */
  reviewRemoved: (count, text) => `${text} ${choose(count, "box", "boxes")} deleted`,
  /** @param {number} count @param {string} text */
  reviewCopied: (count, text) => `${text} ${choose(count, "box", "boxes")} copied`,
  /** @param {string} who */
  reviewAs: (who) => `Saved as ${who}`,
  /** @param {string} who */
  reviewSavedAs: (who) => `Saved as ${who}.`,
  /** @param {number} count */
  changesAdded: (count) => `${count} added`,
  /** @param {number} count */
  changesRemoved: (count) => `${count} deleted`,
  /** @param {number} count */
  changesMoved: (count) => `${count} moved`,
  /** @param {number} count */
  changesRelabelled: (count) => `${count} relabelled`,
  /** @param {string} who @param {string} moment */
  conflictBy: (who, moment) => `${who} saved corrections of this audit (${moment}):`,
  /** @param {string} moment */
  draftText: (moment) => `Corrections from ${moment} were not saved. They are still on this device.`,
  // Limits of a bay
  /** @param {string} bay */
  baySaved: (bay) => `The limits of ${bay} are saved.`,

  // To do
  /** @param {number} count @param {string} text */
  openTasks: (count, text) => `${text} open ${choose(count, "task", "tasks")}`,
  /** @param {string} gap @param {number} facings */
  taskGap: (gap, facings) => `${gap}, ${phrases.facingsWide(facings)}`,
  /** @param {string} kind @param {string} value @param {string} threshold */
  taskAlert: (kind, value, threshold) =>
    ({
      fill_rate: `Fill rate ${value}, at least ${threshold} expected`,
      facings: `${value} facings, at least ${threshold} expected`,
      gaps: `${value} gaps, at most ${threshold} expected`,
    })[kind] ?? `${kind}: ${value}, limit ${threshold}`,
  /** @param {string} bay */
  taskPicture: (bay) => `The place in ${bay}`,
  /** @param {string} first @param {string} second */
  taskSince: (first, second) => `Since ${first} (${second})`,
  /** @param {string} said @param {string} task */
  taskSaid: (said, task) => `${said}: ${task}`,
  /** @param {string} why */
  taskRefused: (why) => `Your verdict was not taken, and the task is back. ${why}.`.replace("..", "."),
  /** @param {number} count @param {string} why */
  taskWaiting: (count, why) =>
    `${why}. ${count} ${choose(count, "verdict is", "verdicts are")} kept here and sent as soon as that changes.`,
  /** @param {string} name */
  todoWho: (name) => `You work as ${name}.`,

  // Settings
  /** @param {string} name */
  nameKept: (name) => `You are ${name} from now on.`,
  /** @param {string} size @param {string} moment */
  figuresExample: (size, moment) => `For example: ${size}; ${moment}.`,
  /** @param {string} used @param {string} all  empty if unknown */
  deviceUsed: (used, all) => (all ? `${used} of ${all} are used on this device.` : `${used} are used on this device.`),
  /** @param {number} count */
  deviceLossPhotos: (count) => `${count} ${choose(count, "photo has", "photos have")} not been sent yet.`,
  /** @param {number} count */
  deviceLoss: (count) => `${count} ${choose(count, "verdict has", "verdicts have")} not been sent yet.`,
  /** @param {string} count */
  megapixels: (count) => `${count} megapixels`,

  // Status
  /** @param {string} value */
  perSecond: (value) => `${value}/s`,
  /** @param {string} time */
  statusAt: (time) => `As of ${time}`,
  /** @param {string} when */
  statusLive: (when) => (when ? `Live. ${when}` : ""),
  /** @param {string} time */
  metricLatencyNote: (time) => `Over ${time}; the lines, over one minute each`,
  /** @param {string} name @param {string} now @param {string} least @param {string} most */
  metricSummary: (name, now, least, most) => `${name}: now ${now}, between ${least} and ${most} in five minutes.`,
  /** @param {number} count */
  secondsLong: (count) => `${count} ${choose(count, "second", "seconds")}`,
  /** @param {number} count */
  minutesLong: (count) => `${count} ${choose(count, "minute", "minutes")}`,

  // Analyse: several photos, the shelf, saving
  /** @param {string} confidence */
  shelfAt: (confidence) => `Of the boxes of at least ${confidence} confidence.`,
  /** @param {string} done @param {string} all */
  stripProgress: (done, all) => `${done} of ${all} counted`,
  /** @param {string} number @param {string} name @param {string} state */
  shot: (number, name, state) => `Photo ${number}, ${name}: ${state}`,
  /** @param {string} name */
  shotRemove: (name) => `Take ${name} away`,
  /** @param {"waiting" | "counting" | "done" | "failed"} state @param {string} count @param {boolean} saved */
  shotState: (state, count, saved) =>
    ({ waiting: "waiting", counting: "counting", failed: "failed", done: `${count} found${saved ? ", saved" : ""}` })[state],
  /** What stands on the small picture. @param {string} state */
  shotMark: (state) => ({ waiting: "…", counting: "…", failed: "!" })[state] ?? "",
  /** @param {number} count */
  saveAll: (count) => `All ${count} photos, each as an audit of this bay`,
  /** @param {number} count @param {string} store @param {string} bay */
  saved: (count, store, bay) => (count > 1 ? `${count} audits of ${store}, ${bay} saved.` : `Audit of ${store}, ${bay} saved.`),
  /** @param {string} store @param {string} bay */
  storeAndBay: (store, bay) => `${store} · ${bay}`,
  /** @param {number} count */
  waitingToSend: (count) => `${count} to send`,
  /** @param {string} store @param {string} bay */
  waitingRemove: (store, bay) => `Do not send the photo of ${store}, ${bay}`,

  // Stores
  /** @param {number} count */
  bayCount: (count) => `${count} ${choose(count, "bay", "bays")}`,
  /** @param {string} text @param {number} count */
  openAlerts: (text, count) => `${text} ${choose(count, "alert", "alerts")}`,
  /** @param {string} rate */
  lowest: (rate) => `lowest ${rate}`,
  /** @param {string} rate */
  below: (rate) => `Below ${rate}`,
  /** @param {number} facings @param {number | null} expected */
  facingsOf: (facings, expected) => (expected === null ? `${facings} ${choose(facings, "facing", "facings")}` : `${facings} of ${expected} facings`),
  /** @param {number} count */
  gapCount: (count) => (count ? `${count} ${choose(count, "gap", "gaps")}` : "no gaps"),
  /** @param {number} count */
  storesShown: (count) => `${count} ${choose(count, "store", "stores")} shown.`,

  // Bay
  /** @param {string} moment @param {string} value */
  trendPoint: (moment, value) => `${moment}: ${value}`,
  /** @param {string} part @param {string} all */
  outOf: (part, all) => `${part} of ${all}`,
  /** @param {number} count */
  days: (count) => `${count} days`,
  /** @param {string} facings */
  expectNow: (facings) => `Expect what the newest photo shows: ${facings} facings`,
  /** @param {string} moment */
  compareChoose: (moment) => `Compare the photo of ${moment}`,
  /** @param {"fill_rate" | "facings" | "gaps"} kind @param {string} value @param {string} threshold */
  alertIs: (kind, value, threshold) =>
    ({
      fill_rate: `Fill rate ${value}, below ${threshold}`,
      facings: `${value} facings, below ${threshold}`,
      gaps: `${value} gaps, more than ${threshold}`,
    })[kind],

  // Compare
  /** @param {string} bay */
  compareTitle: (bay) => `${bay}: what changed`,
  /** @param {string} moment */
  earlierAt: (moment) => `Earlier: ${moment}`,
  /** @param {string} moment */
  laterAt: (moment) => `Later: ${moment}`,
  /** @param {string} from @param {string} to */
  fromTo: (from, to) => `${from} → ${to}`,
  /** @param {number} value  with its sign */
  changed: (value) => `${value > 0 ? "▲ +" : value < 0 ? "▼ −" : "± "}${tenths.format(Math.abs(value))}`,
  /** @param {number} left @param {number} came @param {number} unseen */
  leftAndCame: (left, came, unseen) =>
    `${left} ${choose(left, "facing", "facings")} left, ${came} came.${unseen ? ` ${unseen} lie outside of what both photos show.` : ""}`,
  /** @param {string} number */
  facing: (number) => `Facing ${number}`,
};

/**
 * What happened, and what to do next, for each problem type of the service and for what the browser sees itself.
 *
 * @type {Record<string, {title: string, text: string, next: string}>}
 */
export const problems = {
  "undecodable-image": {
    title: "This photo is damaged",
    text: "The file begins like a photo, but the rest is missing or broken. It may not have been copied completely.",
    next: "Copy it from the camera again, or take a new photo.",
  },
  "unsupported-format": {
    title: "This is not a photo we can read",
    text: "The service reads JPEG, PNG and WebP. It looks at the content of the file, not at its name.",
    next: "Choose a JPEG, PNG or WebP photo.",
  },
  "payload-too-large": {
    title: "This file is too large to send",
    text: "The file has more megabytes than this service accepts.",
    next: "Make the photo smaller; products stay countable at 4 000 pixels a side.",
  },
  "image-too-large": {
    title: "This photo has too many pixels",
    text: "Unpacked, the photo would take more memory than this service allows.",
    next: "Make the photo smaller; products stay countable at 4 000 pixels a side.",
  },
  "slow-upload": {
    title: "The photo arrived too slowly",
    text: "The service waits only so long for a photo. Yours is safe on this page.",
    next: "Try again with a better connection, or choose a smaller photo.",
  },
  "headers-too-large": {
    title: "The browser sends too much besides the photo",
    text: "Cookies of other services at this address are larger than this service accepts.",
    next: "Delete this site's cookies, or open the page in a private window.",
  },
  overloaded: {
    title: "The service is busy",
    text: "More photos are waiting than it can take right now. Yours is safe on this page.",
    next: "It is sent again by itself in a moment.",
  },
  "rate-limited": {
    title: "Too many photos at once",
    text: "This service allows a limited number of photos a minute. Yours is safe on this page.",
    next: "It is sent again by itself in a moment.",
  },
  "model-failed": {
    title: "The service has no working model",
    text: "Its model could not be loaded, and waiting does not help. Your photo is safe on this page.",
    next: "Tell whoever runs the service; its log says why.",
  },
  "storage-unavailable": {
    title: "Audits cannot be kept right now",
    text: "The service does not reach its database or its photos. Your photo is safe on this page.",
    next: "Try again in a while; if it lasts, tell whoever runs the service.",
  },
  "storage-full": {
    title: "There is no room left for audits",
    text: "The service could not store this photo, and nothing of it was kept there. It is safe on this page.",
    next: "Tell whoever runs the service that its disk is full.",
  },
  "range-not-satisfiable": {
    title: "This photo has changed",
    text: "A part of it was asked for that is not there.",
    next: "Load the page again.",
  },
  draining: {
    title: "The service is restarting",
    text: "It takes no new photos while it shuts down. Yours is safe on this page.",
    next: "It is sent again by itself in a moment.",
  },
  unauthorized: {
    title: "This service asks for a key",
    text: "It answers only to those with an API key, and it did not get a valid one.",
    next: "Enter the key you were given, and it goes on.",
  },
  forbidden: {
    title: "The service does not answer to this address",
    text: "It is set up for other names than the one in the address bar, so that no other site can use it.",
    next: "Open it by its own address, such as http://127.0.0.1:8000, or ask whoever runs it to allow this one.",
  },
  "invalid-request": {
    title: "The service did not understand the request",
    text: "This page and the service may be of different versions.",
    next: "Reload the page and try again.",
  },
  "not-found": {
    title: "The service does not have this",
    text: "What was asked for may have been deleted or renamed since this page was opened.",
    next: "Reload the page and try again.",
  },
  conflict: {
    title: "Something else came first",
    text: "What was sent does not fit what the service has by now.",
    next: "Load the page again, then repeat it.",
  },
  network: {
    title: "The service cannot be reached",
    text: "The network is down, or the service has stopped. The photo is still here, and nothing is lost.",
    next: "Check the connection, then try again.",
  },
  sample: {
    title: "The sample could not be loaded",
    text: "The service did not send the sample photo.",
    next: "Try again, or choose a photo of your own.",
  },
  "empty-file": {
    title: "This file is empty",
    text: "It has no content. It may not have been copied completely.",
    next: "Choose another photo.",
  },
  cancelled: {
    title: "Cancelled",
    text: "The photo was not counted. It is still here.",
    next: "",
  },
  "internal-error": {
    title: "The service stumbled",
    text: "Something broke inside the service while it worked on this photo. The photo is still here.",
    next: "Try again. If it happens again, give the request number below to the person who runs the service.",
  },
  unexpected: {
    title: "The service gave an answer we do not understand",
    text: "Something between this page and the model went wrong. The photo is still here, and nothing is lost.",
    next: "Try again. If it happens again, tell the person who runs the service.",
  },
};
