# ruff: noqa: S101 # a suite of tests asserts
"""Uploads: forms with files, short ones and long ones, and what is wrong with some."""

from __future__ import annotations

import socket
from hashlib import sha256

import httpx
import pytest

from nitro_runtime.entities.sample_files import sample_png
from nitro_runtime.testing.serving import Served
from nitro_runtime.testing.web_suite.client import Tab
from nitro_runtime.testing.web_suite.server import Suite

OWN = {"sec-fetch-site": "same-origin"}
BOUNDARY = {**OWN, "content-type": "multipart/form-data; boundary=B"}
PART = b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'


class Uploads(Suite):
    """What comes with a form."""

    def test_a_file_is_uploaded_with_the_fields_of_its_form(self, client: httpx.Client) -> None:
        """Names and texts are Unicode, bytes are what they were."""
        every_byte = bytes(range(256)) * 10
        response = client.post(
            "/upload",
            data={"näme": "Lämp ☃", "tag": ["a", "b"]},
            files=[
                ("photo", ("Foto ä.png", every_byte, "image/png")),
                ("more", ("..\\..\\x.txt", b"", "text/plain")),
                ("more", ("y.txt", b"--B\r\n", "text/plain")),
            ],
            headers=OWN,
        )
        assert response.status_code == 200, response.text
        told = response.json()
        assert told["fields"] == [["näme", "Lämp ☃"], ["tag", "a"], ["tag", "b"]]
        assert [(f["field"], f["filename"], f["type"], f["size"]) for f in told["files"]] == [
            ("photo", "Foto ä.png", "image/png", 2560),
            ("more", "x.txt", "text/plain", 0),
            ("more", "y.txt", "text/plain", 5),
        ]
        assert told["files"][0]["sha256"] == sha256(every_byte).hexdigest()

    def test_a_forms_files_are_kept_and_given_back(self, client: httpx.Client) -> None:
        """A picture is shown; anything else is a download in which nothing runs."""
        page = b"<script>alert(1)</script>" * 20_000  # sent in several pieces
        files = {
            "picture": ("../evil.html", sample_png(), "text/html"),
            "paper": ("paper.html", page, "text/html"),
        }
        kept = client.post("/folders", data={"name": "x"}, files=files, headers=OWN).json()
        picture = client.get(f"/uploads/{kept['picture']}")
        assert (picture.status_code, picture.content) == (200, sample_png())
        assert picture.headers["content-type"] == "image/png"
        paper = client.get(f"/uploads/{kept['paper']}")
        assert (paper.status_code, paper.content) == (200, page)
        assert paper.headers["content-type"] == "application/octet-stream"
        assert paper.headers["content-disposition"].startswith("attachment")
        for response in (picture, paper):
            assert response.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in response.headers["content-security-policy"]
        # a proxy may refuse it on its own
        assert client.get("/uploads/..%2f..%2fetc%2fpasswd").status_code in {400, 404}
        assert client.get(f"/uploads/{'a' * 22}.png").status_code == 404

    def test_what_is_no_picture_is_refused_by_its_form(self, client: httpx.Client) -> None:
        """Whatever it is called."""
        files = {"picture": ("x.png", b"GIF no", "image/png")}
        response = client.post("/folders", data={"name": "x"}, files=files, headers=OWN)
        assert response.status_code == 422
        assert 'aria-invalid="true"' in response.text

    def test_an_upload_must_come_from_this_site(self, client: httpx.Client) -> None:
        """A form of another site's could send one."""
        headers = {"origin": "http://evil.example"}
        response = client.post("/upload", files={"f": b"x"}, headers=headers)
        assert response.status_code == 403

    def test_a_command_takes_a_form_with_a_file(self, tab: Tab) -> None:
        """Sent by Datastar as multipart."""
        response = tab.client.post(
            f"/cmds/suite.upload/{tab.id}",
            data={"name": "Lamp"},
            files={"photo": ("lamp.png", b"\x89PNG")},
            headers={"datastar-request": "true"},
        )
        assert '<p id="uploaded">Lamp: lamp.png, 4 bytes</p>' in response.text

    @pytest.mark.parametrize(
        ("status", "headers", "body"),
        [
            (413, BOUNDARY, PART * 1001 + b"--B--\r\n"),
            (413, BOUNDARY, PART[:-3] + b"x" * 1_100_000 + b"\r\n--B--\r\n"),
            (415, {**OWN, "content-type": "application/pdf"}, b"%PDF"),
            (422, {**OWN, "content-type": "multipart/form-data"}, PART + b"--B--\r\n"),
            (422, BOUNDARY, PART + b"--B-"),
            (422, BOUNDARY, b"no form at all"),
            (422, BOUNDARY, b""),
            (422, BOUNDARY, PART.replace(b"1", b"\xff") + b"--B--\r\n"),
            (422, BOUNDARY, PART.replace(b'; name="a"', b"") + b"--B--\r\n"),
        ],
    )
    def test_a_form_that_is_none_is_refused(
        self, client: httpx.Client, status: int, headers: dict[str, str], body: bytes
    ) -> None:
        """With its status and one sentence."""
        response = client.post("/upload", content=body, headers=headers)
        assert response.status_code == status, response.text
        assert response.text.endswith(".")
        assert "Traceback" not in response.text


class LongUploads(Suite):
    """What the memory should not hold."""

    def test_a_long_file_is_uploaded(self, client: httpx.Client) -> None:
        """Its bytes go to a temporary file on their way."""
        long = b"0123456789abcdef" * 400_000  # 6.4 MB
        response = client.post("/upload", files={"f": ("long.bin", long)}, headers=OWN)
        assert response.status_code == 200, response.text
        [told] = response.json()["files"]
        assert (told["size"], told["sha256"]) == (len(long), sha256(long).hexdigest())

    def test_a_file_beyond_the_routes_limit_is_refused(self, client: httpx.Client) -> None:
        """By its announced length, before it is read."""
        with self.browser(str(client.base_url)) as other:
            response = other.post(
                "/upload", content=b"x" * 9_000_000, headers={**BOUNDARY, "connection": "close"}
            )
        assert response.status_code == 413
        assert response.text.endswith(".")

    def test_who_leaves_in_the_midst_of_an_upload_breaks_nothing(
        self, client: httpx.Client, served: Served
    ) -> None:
        """Nobody needs to read about it in the log either."""
        before = served.log().count("Traceback")
        for announced in (50_000, 5_000_000):
            with socket.create_connection((client.base_url.host, client.base_url.port)) as leaving:
                headers = {**BOUNDARY, "host": "x", "content-length": str(announced)}
                lines = [f"{name}: {value}" for name, value in headers.items()]
                head = "\r\n".join(["POST /upload HTTP/1.1", *lines, "", ""]).encode()
                leaving.sendall(head + PART.replace(b"1", b"x" * 30_000))
            self.test_a_long_file_is_uploaded(client)
        assert served.log().count("Traceback") == before
