"""`make bench`: the packaged models against their peers and the whole path by stage, in one run on one machine."""
