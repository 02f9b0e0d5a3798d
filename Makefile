.PHONY: setup check test demo

setup:  ## one virtual environment with everything
	python3 -m venv .venv && .venv/bin/pip install -q -r requirements.lock && .venv/bin/pip install -q --no-deps -e .

check:  ## lint, format, types, import rules, tidy and unit tests: under 90 s
	.venv/bin/python tools/check.py

test:  ## everything, on every database that this machine can start
	.venv/bin/pytest -n 2

demo:  ## the main job, end to end
	.venv/bin/suan demo
