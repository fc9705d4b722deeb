"""What the files and cards of the nets that come with no label are called; read without any net."""

BODIES, HANDS = "BlazePose", "MediaPipe Hands"
"""In a card: nets that find people, and hands."""
LANDMARKS_FILE, DETECTOR_FILE = "landmarks.onnx", "detector.onnx"
"""In a run's folder."""
CROWD_FILE, CROWD_LICENCE = "crowd.onnx", "crowd.LICENSE"
"""There too, where they could be had: a net that finds people instead of the detector."""
MOST_PEOPLE = 20
"""That are followed at once."""
