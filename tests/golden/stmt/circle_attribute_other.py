"""The other half."""
import circle_attribute
print(circle_attribute.x)
