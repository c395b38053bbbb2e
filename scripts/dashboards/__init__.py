"""Grafana's dashboards as code: `python -m dashboards` writes infra/grafana/dashboards, `--check` finds drift."""
