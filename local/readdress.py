"""Orders of an earlier runner, which may have listened on another port."""

from urllib.parse import urlsplit, urlunsplit

from shared.models.work import LogPlace, WorkOrder


def readdressed(order: WorkOrder, base_url: str) -> WorkOrder:
    """
    The order with all its URLs at ``base_url``.

    A URL's signature covers method, key and time, so it stands.
    """
    if order.webhook_url.startswith(f"{base_url}/"):
        return order
    return order.model_copy(
        update={
            "webhook_url": _at(order.webhook_url, base_url),
            "inputs": {
                name: item.model_copy(update={"url": _at(item.url, base_url)})
                for name, item in order.inputs.items()
            },
            "uploads": {name: (key, _at(url, base_url)) for name, (key, url) in order.uploads.items()},
            "log": _log_at(order.log, base_url) if order.log else None,
        }
    )


def _log_at(place: LogPlace, base_url: str) -> LogPlace:
    urls = {name: _at(getattr(place, name), base_url) for name in ("put_url", "get_url")}
    return place.model_copy(update=urls)


def _at(url: str, base_url: str) -> str:
    base = urlsplit(base_url)
    return urlunsplit(urlsplit(url)._replace(scheme=base.scheme, netloc=base.netloc))
