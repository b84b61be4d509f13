"""What the benchmarks share: the peers from npm, the programs of this machine, and the site's server."""
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "tests/site")]
import make_site

NAME = os.path.basename(sys.argv[0])


def warn(text):
    print(f"{NAME}: {text}", file=sys.stderr, flush=True)


def install_peers():
    """-> the node_modules folder with the peers; installs them when package.json is not the one they came from."""
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "dpxdt-bench")
    modules, wanted = os.path.join(cache, "node_modules"), os.path.join(HERE, "package.json")
    have = os.path.join(modules, "package.json.installed")
    if os.path.exists(have) and open(have).read() == open(wanted).read():
        return modules
    os.makedirs(cache, exist_ok=True)
    shutil.copyfile(wanted, os.path.join(cache, "package.json"))
    # --ignore-scripts: their install scripts would download browsers of their own.
    environment = {**os.environ, "PUPPETEER_SKIP_DOWNLOAD": "1", "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"}
    try:
        subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                       cwd=cache, env=environment, stdout=sys.stderr, check=True)
        shutil.copyfile(wanted, have)
    except (OSError, subprocess.CalledProcessError) as problem:
        warn(f"peers not installed: {problem}")
    return modules


def first_found(*candidates):
    return next((path for path in map(shutil.which, candidates) if path), candidates[0])


def start_site(folder):
    """Writes the site and serves it. -> the server, its URL

    In a process of its own: its threads would otherwise compete with our memory sampling for Python's lock."""
    make_site.make_site(folder)
    server = subprocess.Popen([sys.executable, f"{ROOT}/tests/site/serve.py", folder, "0"], stdout=subprocess.PIPE, text=True)
    return server, server.stdout.readline().strip()
