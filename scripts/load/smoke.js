// One client, a few photos and the pages around them: does everything answer as documented?
import { check } from "k6";
import http from "k6/http";
import { predict } from "./predict.js";

const URL = __ENV.SHELFWATCH_URL;

export const options = {
  vus: 1,
  iterations: 5,
  thresholds: { checks: ["rate==1"], http_req_failed: ["rate==0"], accepted: ["count==5"] },
};

export default function () {
  predict([200]);
  for (const path of ["/health", "/health/live", "/health/ready"]) {
    check(http.get(`${URL}${path}`), { [`${path} is 200`]: ({ status }) => status === 200 });
  }
}
