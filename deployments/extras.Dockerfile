# The image with more parts of the lock, such as s3 (a model store on S3) or docker (a worker for pools of type docker):
#   docker build --file deployments/extras.Dockerfile --build-arg EXTRAS="s3 docker" --tag loanwatch:0.1.0-s3 .
ARG IMAGE=loanwatch:0.1.0
FROM ${IMAGE}
ARG EXTRAS=s3
USER root
RUN --mount=type=bind,source=requirements,target=/requirements \
    for extra in ${EXTRAS}; do \
        pip --python /opt/venv/bin/python install --no-cache-dir --disable-pip-version-check --root-user-action ignore \
            --no-deps --require-hashes --only-binary :all: --requirement "/requirements/${extra}.lock" || exit 1; \
    done
USER loanwatch
