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
 *
 * @typedef {object} Prediction
 * @property {Detection[]} detections  highest confidence first
 * @property {number} count
 * @property {boolean} truncated
 * @property {number} tiles  looked at more closely
 * @property {{width: number, height: number}} image
 * @property {{name: string, version: string, precision: string}} model
 * @property {{decode: number, queue: number, inference: number, total: number}} timing_ms
 * @property {string} request_id
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
