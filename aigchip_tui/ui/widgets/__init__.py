"""Line API widgets: they draw given lines, one dirty region a changed row, and decide nothing."""
