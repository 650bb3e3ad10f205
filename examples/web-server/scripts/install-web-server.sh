#!/bin/bash
# Installs the web server. Runs as the build user, who may use sudo without a password.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
sudo apt-get update
sudo -E apt-get install -y --no-install-recommends nginx-light curl
sudo systemctl enable nginx
