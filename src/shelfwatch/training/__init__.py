"""Datasets, rendered shelves, training, export, quantisation and evaluation of detectors."""
