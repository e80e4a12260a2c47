# SPDX-License-Identifier: MIT
"""Child processes under stress: Ctrl-C while one is waited for, workers that are killed or stopped,
descriptors that run out; and that nothing is left behind."""

import os
import resource
import signal
import subprocess
import time

import common
from common import TulipCase


def children_of(pid):
    """The numbers of a process's children, zombies too."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="latin-1") as file:
                    if int(file.read().rpartition(")")[2].split()[1]) == pid:
                        found.append(int(entry))
            except OSError:
                pass
    return found


class Processes(TulipCase):
    def begin(self, source):
        """The program in a session of its own, after its first line of output."""
        path = self.write("main.tul", source)
        process = subprocess.Popen([common.TULIP, path], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, start_new_session=True)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline(), b"begun\n")
        return process

    def interrupt(self, source):
        process = self.begin(source)
        time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        output, errors = process.communicate(timeout=20)
        self.assertEqual(process.returncode, -signal.SIGINT, errors)
        with self.assertRaises(ProcessLookupError):
            os.killpg(process.pid, 0)
        return output

    def test_interrupted_wait(self):
        self.interrupt("""
            import subprocess
            print('begun', flush=True)
            subprocess.run(['sleep', '20'])
        """)

    def test_interrupted_communicate(self):
        output = self.interrupt("""
            import subprocess
            print('begun', flush=True)
            try:
                subprocess.check_output(['sleep', '20'])
            finally:
                print('cleaned up')
        """)
        self.assertEqual(output, b"cleaned up\n")

    def test_interrupted_read(self):
        self.interrupt("""
            import subprocess
            print('begun', flush=True)
            with subprocess.Popen(['sleep', '20'], stdout=subprocess.PIPE) as child:
                child.stdout.readline()
        """)

    def test_interrupted_pool(self):
        self.interrupt("""
            import time
            from concurrent.futures import ProcessPoolExecutor
            if __name__ == '__main__':
                with ProcessPoolExecutor(2) as pool:
                    future = pool.submit(time.sleep, 20)
                    pool.submit(abs, 1).result()
                    print('begun', flush=True)
                    future.result()
        """)

    def test_killed_program_leaves_no_workers(self):
        process = self.begin("""
            import time
            from concurrent.futures import ProcessPoolExecutor
            if __name__ == '__main__':
                with ProcessPoolExecutor(2) as pool:
                    list(pool.map(abs, range(10)))
                    print('begun', flush=True)
                    time.sleep(20)
        """)
        self.assertTrue(children_of(process.pid))
        process.kill()
        process.communicate()
        for _ in range(100):
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)
        self.fail("workers are still there")

    def test_stopped_worker_holds_up_nobody_else(self):
        result = self.program("""
            import os, signal, time
            from concurrent.futures import ProcessPoolExecutor
            def stop():
                os.kill(os.getpid(), signal.SIGSTOP)
                return 'went on'
            if __name__ == '__main__':
                with ProcessPoolExecutor(2) as pool:
                    stopped = pool.submit(stop)
                    results = pool.map(len, ['x' * 200000] * 30)
                    print(sum(results), stopped.done())
                    for process in pool._processes.values():
                        process._popen.send_signal(signal.SIGCONT)
                    print(stopped.result())
        """)
        self.expect(result, 0, "6000000 False\nwent on\n")

    def test_descriptors_run_out(self):
        path = self.write("main.tul", """
            import os, subprocess
            held = []
            try:
                while True:
                    held.append(subprocess.Popen(['cat'], stdin=subprocess.PIPE))
            except OSError as error:
                print(error)
            for child in held:
                child.communicate()
            held.clear()
            print(len(os.listdir('/proc/self/fd')) < 10)
            print(subprocess.check_output(['echo', 'works again']))
        """)
        result = subprocess.run(
            [common.TULIP, path], capture_output=True, timeout=60, text=True, check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32)))
        self.assertEqual(result.stdout, "[Errno 24] Too many open files\nTrue\n"
                         "b'works again\\n'\n", result.stderr)

