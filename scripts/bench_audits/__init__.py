"""`make bench-audits`: whether reading grows slower with the number of audits."""
