#!/bin/sh
# Changes the site as a day's work might: a price, an hour, the color of a button, a notice above the order. (The
# price on the order page is forgotten.) Run it after `dpxdt update tests`. `./change.sh back` takes the changes back.
set -eu
way=${1:-there}
cd "$(dirname "$0")/site"

change() { # FILE, what stands there, what shall stand there
    if [ "$way" = back ]; then
        set -- "$1" "$3" "$2"
    fi
    grep -q -F -- "$2" "$1" || { echo "$1: there is no '$2' in it; changed already?" >&2; exit 1; }
    sed -i "s|$2|$3|" "$1"
}

change index.html '7.50' '7.90'
change index.html '6:30 to 18:00' '6:30 to 19:00'
change style.css 'background: var(--accent); color: #fff' 'background: #2a6fb4; color: #fff'
change order.html '<body>' '<body><p class="notice">Closed on Monday</p>'
