"""`python -m poseapp` is the command line."""

from poseapp.cli import main

if __name__ == "__main__":
    main()
