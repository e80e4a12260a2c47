# SPDX-License-Identifier: MIT
"""A headless Chromium, driven over the DevTools protocol by its pipe: no packages are needed.

The browser reads commands from descriptor 3 and writes answers and events to descriptor 4: JSON
texts, each ended by a zero byte. Page is one tab: it goes to addresses, types, clicks, evaluates
JavaScript, and takes pictures. find() gives the browser's program, or None where there is none; tests
that need one skip then.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
           "--hide-scrollbars", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync", "--remote-debugging-pipe"]
# What CDP needs to know of a key beside its name.
KEY_CODES = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38,
             "ArrowRight": 39, "ArrowDown": 40, "Home": 36, "End": 35}


def find():
    """The path of an installed Chromium, or None."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def high_pipe():
    """A pipe whose two descriptors are at least 10."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high


class BrowserError(Exception):
    """The browser refused a command, or a script in the page raised."""


class Browser:
    """A running browser; use it in a with statement."""

    def __init__(self, timeout=30):
        self.timeout = timeout
        self.profile = tempfile.TemporaryDirectory(prefix="tulip-browser-", ignore_cleanup_errors=True)
        commands, self.out = high_pipe()
        self.into, answers = high_pipe()
        # The shell puts the browser's two ends where the browser looks for them.
        line = f'exec "$@" 3<&{commands} 4>&{answers} {commands}<&- {answers}>&-'
        self.process = subprocess.Popen(
            ["bash", "-c", line, "browser", find(), *OPTIONS,
             f"--user-data-dir={self.profile.name}", "about:blank"],
            pass_fds=(commands, answers), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(commands)
        os.close(answers)
        self.buffer = b""
        self.number = 0
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        try:
            self.call("Browser.close")
        except (BrowserError, OSError):
            self.process.kill()
        os.close(self.out)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.into)
        self.profile.cleanup()

    def read(self, deadline):
        """The next message of the browser."""
        while b"\0" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.into], [], [], left)[0]:
                raise BrowserError("the browser does not answer")
            data = os.read(self.into, 1 << 16)
            if not data:
                raise BrowserError("the browser has ended")
            self.buffer += data
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, **parameters):
        """Carries out a command and gives its result; events that come meanwhile are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + self.timeout
        while True:
            answer = self.read(deadline)
            if answer.get("id") == self.number:
                break
            if "method" in answer:
                self.events.append(answer)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def page(self, width=1000, height=800):
        return Page(self, width, height)


class Page:
    """A tab of its own."""

    def __init__(self, browser, width, height):
        self.browser = browser
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log", "Network":
            self.call(domain + ".enable")
        self.resize(width, height)

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def resize(self, width, height, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=mobile)

    def prefer(self, scheme):
        """Asks for the colours of "light" or "dark"."""
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])

    def scripts(self, allowed):
        """Switches JavaScript of pages on or off."""
        self.call("Emulation.setScriptExecutionDisabled", value=not allowed)

    def open(self, url):
        """Goes to an address and waits until it is loaded."""
        result = self.call("Page.navigate", url=url)
        if result.get("errorText"):
            raise BrowserError(f"{url}: {result['errorText']}")
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, expression):
        """The value of a JavaScript expression; a promise is waited for."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True, userGesture=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise BrowserError(details.get("exception", {}).get("description") or details["text"])
        return result["result"].get("value")

    def wait(self, condition, timeout=None):
        """Waits until a JavaScript expression is true."""
        deadline = time.monotonic() + (timeout or self.browser.timeout)
        while True:
            try:
                if self.evaluate(f"!!({condition})"):
                    return
            except BrowserError:                  # between two documents there is none to ask
                pass
            if time.monotonic() > deadline:
                raise BrowserError(f"never true: {condition}")
            time.sleep(0.02)

    def text(self, selector):
        return self.evaluate(f"document.querySelector({json.dumps(selector)}).textContent")

    def type(self, text):
        """Types characters into whatever has the focus, one after the other."""
        for char in text:
            self.call("Input.dispatchKeyEvent", type="keyDown", text=char, key=char)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=char)

    def press(self, key):
        """Presses a key: a character, or one of KEY_CODES."""
        code = KEY_CODES.get(key) or ord(key.upper())
        text = {"text": "\r" if key == "Enter" else key} if key == "Enter" or len(key) == 1 else {}
        for kind in "keyDown", "keyUp":
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      windowsVirtualKeyCode=code, nativeVirtualKeyCode=code,
                      **(text if kind == "keyDown" else {}))

    def click(self, selector):
        """Clicks with the mouse on the middle of an element, which is scrolled to."""
        x, y = self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            " e.scrollIntoView({block: 'center', behavior: 'instant'});"
            " const r = e.getBoundingClientRect();"
            " return [r.x + r.width / 2, r.y + r.height / 2]; })()")
        self.click_at(x, y)

    def mouse(self, kind, x, y, **more):
        self.call("Input.dispatchMouseEvent", type="mouse" + kind, x=x, y=y, **more)

    def click_at(self, x, y):
        for kind in "Pressed", "Released":
            self.mouse(kind, x, y, button="left", clickCount=1)

    def drag(self, x, y, to_x, to_y):
        self.mouse("Pressed", x, y, button="left", clickCount=1)
        self.mouse("Moved", to_x, to_y, button="left", buttons=1)
        self.mouse("Released", to_x, to_y, button="left", clickCount=1)

    def wheel(self, x, y, by):
        self.mouse("Wheel", x, y, deltaX=0, deltaY=by)

    def frame(self):
        """Waits until what was asked for is drawn."""
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def picture(self):
        """What is to be seen, as the bytes of a PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def printed(self):
        """The page as the bytes of a PDF."""
        return base64.b64decode(
            self.call("Page.printToPDF", landscape=True, printBackground=True)["data"])

    def complaints(self):
        """What the page wrote to the console as errors, and scripts that raised."""
        found = []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            if event["method"] == "Runtime.exceptionThrown":
                found.append(event["params"]["exceptionDetails"]["text"])
            elif event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                found.append(event["params"]["entry"]["text"])
        return found

    def requests(self):
        """The addresses that the page has asked for."""
        return [event["params"]["request"]["url"] for event in self.browser.events
                if event.get("sessionId") == self.session
                and event["method"] == "Network.requestWillBeSent"]
