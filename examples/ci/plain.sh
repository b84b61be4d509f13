#!/bin/sh
# A job for any CI: compares the pages with the references that are in the repository.
#
# References are compared on the machine image that they were taken on, so run `dpxdt update tests` in the same image:
# fonts, the browser's version and its flags show in the pictures (docs/capture.md).
#
# Keep as artifacts: dpxdt-gallery/ (open its index.html) and dpxdt-junit.xml.
set -eu
dpxdt test tests --report dpxdt-gallery --junit dpxdt-junit.xml
