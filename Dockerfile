# Both services: which one, the command says. The Python and the Debian that the tests run on.
# Tags, not digests: a digest names one processor's or one day's image, and keeps Debian's security updates out until
# it is changed by hand. To build the same image twice, pin what `docker buildx imagetools inspect` says of each tag.
FROM python:3.11-slim-bookworm
WORKDIR /srv

COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

COPY schema.sql wsgi.py ./
COPY app app
COPY ws ws

RUN useradd --system --uid 10001 dating && install --directory --owner dating /data
USER dating
VOLUME /data
ENV PYTHONDONTWRITEBYTECODE=1 DATABASE_PATH=/data/dating.db PORT=8088
EXPOSE 8088
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
CMD ["sh", "-c", "flask migrate --quiet && exec gunicorn --config app/gunicorn.conf.py wsgi:app"]
