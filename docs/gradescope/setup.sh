#!/usr/bin/env bash
# Run once by Gradescope, when the autograder's image is built. labserver needs nothing
# installed; it only has to be executable, which not every zip keeps.
set -eu
chmod +x /autograder/source/labserver
/autograder/source/labserver check /autograder/source/scenario
