"""What the files and cards of BlazePose are called; read where no net is loaded."""

NET = "BlazePose"
"""In a card."""
LANDMARKS_FILE, DETECTOR_FILE = "landmarks.onnx", "detector.onnx"
MOST_PEOPLE = 20
"""That are followed at once."""
