"""The image and the compose stack on a real Docker engine: `make docker-test`."""
