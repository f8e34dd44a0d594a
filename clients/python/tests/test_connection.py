import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit

import pytest
from azureml._penstock import api as api_module
from azureml._penstock.api import Api
from azureml.exceptions import ServiceException
from support.fake_api import STEP_RUN, TOKEN


def test_one_connection_serves_many_calls(run, api):
    run.get_status()
    first = run_connection()
    run.get_status()

    assert run_connection() is first


def run_connection():
    from azureml._penstock import session

    return session.api()._connection.sock


def test_a_connection_that_the_server_closed_meanwhile_is_replaced(run, api):
    run.get_status()
    api.stop()
    api.start()

    assert run.child_run("made once").id  # such a call is not repeated, so it must not go out on a dead connection
    assert len(list(run.get_children())) == 1


def test_loopback_ignores_the_proxy_of_the_environment(run, environment):
    environment.setenv("http_proxy", "http://127.0.0.1:9")

    assert run.get_status() == "Running"


def test_elsewhere_goes_through_the_proxy_of_the_environment(environment):
    seen = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append((self.path, self.headers["Proxy-Authorization"], self.headers["Host"]))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.handle_request, daemon=True)
    thread.start()
    environment.setenv("http_proxy", "http://me:p%40ss@127.0.0.1:{}".format(server.server_address[1]))

    assert Api("http://penstock.invalid/base/", TOKEN).call("GET", "/api/x", {"q": "ü &"}) == {}
    thread.join(20)
    server.server_close()
    assert seen == [("http://penstock.invalid/base/api/x?q=%C3%BC%20%26", "Basic bWU6cEBzcw==", "penstock.invalid")]


def test_an_api_that_stays_away_is_named_with_the_call(run, api, monkeypatch):
    monkeypatch.setattr(api_module, "PATIENCE_SECONDS", 0.0)
    api.stop()

    with pytest.raises(ServiceException, match="did not answer GET /api/runs/{}: ConnectionRefused".format(STEP_RUN)):
        run.get_status()


def test_a_call_survives_a_restart_of_the_api(run, api, monkeypatch):
    port = urlsplit(api.url).port
    pauses = []

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 5:
            api.start()

    monkeypatch.setattr(api_module.time, "sleep", pause)
    api.stop()

    assert run.get_status() == "Running"
    assert urlsplit(api.url).port == port and len(pauses) == 5


def test_a_fault_that_stays_is_not_borne_for_long(run, api, monkeypatch):
    monkeypatch.setattr(api_module.time, "sleep", lambda seconds: None)
    api.faults = [500] * 10

    with pytest.raises(ServiceException, match="HTTP 500") as caught:
        run.get_status()
    assert caught.value.status_code == 500 and len(api.requests) == 4


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "nonsense"])
def test_an_address_that_is_none_is_named(url):
    with pytest.raises(ServiceException, match="PENSTOCK_API_URL is '{}'".format(url)):
        Api(url, TOKEN)
