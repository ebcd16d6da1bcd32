PYTHON := .venv/bin/python
CODE := core ui plugin.py __init__.py tools tests/emulator

.PHONY: help setup demo test qgis lint screenshots bench symbols

help:
	@echo "make demo         install what is missing, download coverage from the bundled emulator, render a map"
	@echo "make test         install what is missing, run every test"
	@echo "make qgis         open QGIS with the plugin, on the emulator unless MAPILLARY_ACCESS_TOKEN is set"
	@echo "make lint         style, types, upload scan, metadata, import rules"
	@echo "make bench        measure, each beside what it is compared with; ratios are printed"
	@echo "make setup        what the others do first: QGIS, the virtual environment, extlibs, symbols"
	@echo "make symbols      fetch the symbols of signs and objects anew, from npm's registry"
	@echo "make screenshots  take the pictures of the README anew"

setup:
	@tools/setup.sh

demo: setup
	@$(PYTHON) -m tools.demo

test: setup
	@tools/run_tests.sh

qgis: setup
	@$(PYTHON) -m tools.open_qgis

lint: setup
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy $(CODE)
	@$(PYTHON) -m tools.check_upload
	@QT_QPA_PLATFORM=offscreen $(PYTHON) -m pytest -q tests/whole/test_import_rules.py tests/whole/test_plugin_metadata.py

bench: setup
	@QT_QPA_PLATFORM=offscreen $(PYTHON) -m tests.benchmarks

symbols: setup
	@$(PYTHON) -m tools.make_symbols

screenshots: setup
	@QT_QPA_PLATFORM=offscreen $(PYTHON) -m pytest -q tests/desktop
	@mkdir -p resources/screenshots
	@cp $(addprefix build/screenshots/,downloaded.png dock.png token.png options.png features.png values.png export.png viewer.png panorama.png sign.png wide.png tip.png live.png live_close.png live_dark.png) resources/screenshots/
