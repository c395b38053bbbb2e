"""Audits for other programs: CSV, XLSX, COCO and YOLO, as streams of bytes whose memory does not grow with them."""
