"""Healthy: the service in this container says that it is ready. Its answer, with what it waits for, is printed."""

import os
import sys
from http import HTTPStatus
from http.client import HTTPConnection

connection = HTTPConnection("127.0.0.1", int(os.environ["HTTP_PORT"]), timeout=4)
try:
    connection.request("GET", "/health/ready")
    response = connection.getresponse()
    sys.stdout.write(response.read().decode())
except OSError as error:
    sys.exit(f"no answer: {error}")
sys.exit(response.status != HTTPStatus.OK)
