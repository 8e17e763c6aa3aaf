# syntax=docker/dockerfile:1
#
# The server alone on an empty root file system: no shell, no packages, not root, nothing to write to but /data.
#
#     docker build -t countersign .
#     docker run --read-only -v countersign:/data -e COUNTERSIGN_… -p 127.0.0.1:4242:4242 countersign

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The pages lie in authpage/dist, ready to be embedded, so that no Node is needed.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin countersign && \
    scripts/container-root target/release/countersign /root-file-system

FROM scratch
COPY --from=build /root-file-system /
COPY --from=build --chown=65532:65532 --chmod=700 /root-file-system/data /data
USER 65532:65532
ENV COUNTERSIGN_LISTEN=0.0.0.0:4242 \
    COUNTERSIGN_DATABASE_URL=sqlite:/data/countersign.db
VOLUME /data
EXPOSE 4242
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s CMD ["/countersign", "healthcheck"]
ENTRYPOINT ["/countersign"]
CMD ["serve"]
