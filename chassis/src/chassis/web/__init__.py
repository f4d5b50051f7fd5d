"""Pages: the frame that the four services share, sign-in, and what keeps forms safe."""
