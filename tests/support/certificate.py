# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, made when they are needed: no private key is in the repository.

    made = Certificate(folder, "127.0.0.1", days=30)
    made.cert, made.key          paths
    made.context()               an ssl.SSLContext that trusts it alone
    made.over(another)           its files take the place of another's, as a renewal does
"""
import os
import pwd
import shutil
import ssl
import subprocess
import warnings


class Certificate:
    def __init__(self, folder, host, days=30, name="server", bits=None):
        os.makedirs(folder, exist_ok=True)
        self.host, self.cert, self.key = host, os.path.join(folder, f"{name}.pem"), os.path.join(folder, f"{name}.key")
        kind = "IP" if host[0].isdigit() else "DNS"
        algorithm = ["-newkey", f"rsa:{bits}"] if bits else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        # `openssl req` has no way to make one that is over; x509 takes a negative number of days.
        request = self.cert + ".req"
        self._openssl("req", "-new", *algorithm, "-nodes", "-keyout", self.key, "-out", request, "-subj", f"/CN={name}.calends.example")
        extensions = self.cert + ".ext"
        with open(extensions, "w", encoding="ascii") as f:
            f.write(f"subjectAltName={kind}:{host}\nbasicConstraints=critical,CA:TRUE\n")
        self._openssl("x509", "-req", "-in", request, "-signkey", self.key, "-out", self.cert, "-days", str(days), "-extfile", extensions)
        os.chmod(self.key, 0o600)
        self.give_to_the_server()

    def give_to_the_server(self):
        """Started by root, it reads them again as a user of its own."""
        if os.geteuid() == 0:
            names = {user.pw_name for user in pwd.getpwall()}
            for path in (self.cert, self.key):
                shutil.chown(path, "calends" if "calends" in names else "nobody")

    @staticmethod
    def _openssl(*words):
        done = subprocess.run(["openssl", *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr

    def context(self, least=ssl.TLSVersion.TLSv1_2, most=ssl.TLSVersion.TLSv1_3):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.cert)
        with warnings.catch_warnings():  # old versions are asked for on purpose
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version, context.maximum_version = least, most
        return context

    def over(self, other):
        os.replace(self.cert, other.cert)
        os.replace(self.key, other.key)
