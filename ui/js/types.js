/**
 * The shapes that come over HTTP, as docs and API name them. Types only: nothing here runs.
 *
 * @typedef {[x1: number, y1: number, x2: number, y2: number]} Box  pixels of the upright photo
 *
 * @typedef {object} Detection
 * @property {string} label
 * @property {number} class_id
 * @property {number} confidence  0 to 1
 * @property {Box} box
 * @property {number | null} [row]  from the top, 0 first; with a report only
 * @property {number | null} [position]  left to right, 0 first
 * @property {number | null} [level]  of stacked items, 0 at the bottom
 *
 * @typedef {object} ShelfRow
 * @property {number} index  from the top, 0 first
 * @property {number} [bay]
 * @property {Box} box
 * @property {number} facings
 * @property {number | null} fill_rate
 *
 * @typedef {object} Gap
 * @property {number} row
 * @property {Box} box
 * @property {number} width_facings
 * @property {"minor" | "major" | "critical" | string} severity
 *
 * @typedef {object} Report
 * @property {number} facings
 * @property {number | null} fill_rate
 * @property {ShelfRow[]} rows
 * @property {Gap[]} gaps
 *
 * @typedef {object} Prediction
 * @property {Detection[]} detections  highest confidence first
 * @property {number} count
 * @property {boolean} truncated
 * @property {number} tiles  looked at more closely
 * @property {Size} image
 * @property {ModelName} model
 * @property {Report} [report]
 * @property {{decode: number, queue: number, inference: number, total: number}} timing_ms
 * @property {string} request_id
 *
 * @typedef {{name: string, version: string, precision: string}} ModelName
 *
 * @typedef {object} Audit  one photo of a bay, as it is kept
 * @property {string} id
 * @property {string} store
 * @property {string} bay
 * @property {string} taken_at
 * @property {string} created_at
 * @property {string | null} note
 * @property {Size & {url: string}} image
 * @property {ModelName} model
 * @property {Detection[]} detections
 * @property {number} count
 * @property {Report} report
 * @property {{id: string, created_at: string, who: string, count: number} | null} [corrected]
 *
 * @typedef {object} ListedAudit  as lists have it
 * @property {string} id
 * @property {string} store
 * @property {string} bay
 * @property {string} taken_at
 * @property {string} created_at
 * @property {string | null} note
 * @property {Size & {url: string}} image
 * @property {number} count
 * @property {{facings: number, fill_rate: number | null, gap_count: number}} report
 *
 * @typedef {object} Bay
 * @property {string} store
 * @property {string} bay
 * @property {number | null} expected_facings
 * @property {number | null} min_fill_rate
 * @property {number | null} min_facings
 * @property {number | null} max_gaps
 * @property {number} alert_after
 * @property {number | null} stock  0 to 1
 * @property {{id: string, taken_at: string, facings: number, fill_rate: number | null, gaps: number} | null} latest
 * @property {number} open_alerts
 * @property {HistoryPoint[]} [trend]  oldest first
 *
 * @typedef {{id?: string, taken_at: string, facings: number, fill_rate: number | null, gaps: number}} HistoryPoint
 *
 * @typedef {object} Correction  what a person made of a model's answer; never changed once saved
 * @property {string} id
 * @property {string} created_at
 * @property {string} who
 * @property {string | null} note
 * @property {string | null} base  the correction it went on from
 * @property {number} count
 * @property {Changes} changes
 * @property {CorrectedBox[]} [detections]  not in lists
 *
 * @typedef {{added: number, removed: number, moved: number, relabelled: number}} Changes
 * @typedef {{box: Box, label: string, source: number | null}} CorrectedBox  source: index of the detection it descends from
 *
 * @typedef {object} Task  a gap or an alert that waits for someone
 * @property {string} id
 * @property {"gap" | "alert"} kind
 * @property {string} store
 * @property {string} bay
 * @property {string} since  ISO 8601
 * @property {string | null} audit_id  the bay's newest; null where none is left
 * @property {number | null} row  from the top, 0 first
 * @property {Box | null} box
 * @property {string} severity
 * @property {number | null} width_facings
 * @property {{kind: string, value: number, threshold: number, status: string} | null} alert
 * @property {string | null} image_url
 *
 * @typedef {object} ServedModel
 * @property {string} name
 * @property {string} version
 * @property {string} precision
 * @property {string[]} classes
 * @property {number | [number, number]} input_size
 * @property {number} operating_threshold
 * @property {string} runtime
 *
 * @typedef {{x: number, y: number}} Point
 * @typedef {{width: number, height: number}} Size
 */

export {};
