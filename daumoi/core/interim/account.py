import ctypes, os, pwd, signal, struct, subprocess
from dataclasses import dataclass
@dataclass(frozen=True)
class Account:
    name: str
    uid: int | None
    gid: int | None
    def own(self, path):
        if self.uid is not None: os.chown(path, self.uid, self.gid)
def choose_account(os_user, say):
    if os.geteuid() != 0: return Account(pwd.getpwuid(os.geteuid()).pw_name, None, None)
    e = pwd.getpwnam(os_user); return Account(os_user, e.pw_uid, e.pw_gid)
def let_pass(account, path, say):
    for f in [path, *path.parents]:
        if f.is_dir() and not f.stat().st_mode & 1: subprocess.run(["setfacl","-m",f"u:{account.name}:x",str(f)],check=False) if os.path.exists("/usr/bin/setfacl") else f.chmod(f.stat().st_mode|1)
def ends_with_parent(n=signal.SIGTERM):
    parent=os.getpid(); libc=ctypes.CDLL(None)
    def wish():
        libc.prctl(1,n)
        if os.getppid()!=parent: os._exit(1)
    return wish
