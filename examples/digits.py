"""Learning to read handwritten digits: a small convolutional network on real data, from start to saved file.

The data are scikit-learn's 1797 digits of 8 x 8 pixels, which come with scikit-learn, so nothing is downloaded. The
program needs `pip install "rushlight[vision]"`. It is an ordinary PyTorch program but for the name in its
first import: with `import torch` there it runs on PyTorch and prints the same.
"""

import os
import sys
import tempfile

from sklearn.datasets import load_digits
from tqdm import tqdm

import rushlight as torch

nn = torch.nn

EPOCHS = 12
BATCH = 64
TEST_DIGITS = 360


class Network(nn.Module):
    """Two convolutions, each followed by pooling to half the size, then two linear layers."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(0.25),
            nn.Linear(32 * 2 * 2, 128),
            nn.ReLU(),
            nn.Linear(128, 10),
        )

    def forward(self, images):
        """Turn images of shape (N, 1, 8, 8) into one score a class, of shape (N, 10)."""
        return self.classifier(self.features(images))


def load_data():
    """Return (train_images, train_labels, test_images, test_labels), split by a seeded permutation."""
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16  # pixels come as 0 to 16
    labels = torch.tensor(digits.target)
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    test, train = order[:TEST_DIGITS], order[TEST_DIGITS:]
    return images[train], labels[train], images[test], labels[test]


def accuracy(model, images, labels):
    """Return the share of images that the model names rightly."""
    model.eval()
    with torch.no_grad():
        return (model(images).argmax(dim=1) == labels).float().mean().item()


def train_epoch(model, optimizer, criterion, images, labels, progress):
    """Go through all images once, in a random order, and return the mean loss."""
    model.train()
    total = 0.0
    for batch in torch.randperm(len(images)).split(BATCH):
        optimizer.zero_grad()
        loss = criterion(model(images[batch]), labels[batch])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
        progress.update()
    return total / len(images)


def main():
    """Train, test, save, load, and test again; return the test accuracy."""
    torch.manual_seed(0)
    train_images, train_labels, test_images, test_labels = load_data()
    print(f"{len(train_images)} digits to learn from, {len(test_images)} to be tested on")

    model = Network()
    print(model)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    batches = -(-len(train_images) // BATCH)
    with tqdm(total=EPOCHS * batches, unit="batch", file=sys.stderr) as progress:
        for epoch in range(1, EPOCHS + 1):
            loss = train_epoch(model, optimizer, criterion, train_images, train_labels, progress)
            progress.write(f"epoch {epoch:2}: loss {loss:.6f}", file=sys.stdout)
    reached = accuracy(model, test_images, test_labels)
    print(f"test accuracy: {reached:.2%}")

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "digits.pt")
        torch.save(model.state_dict(), path)
        restored = Network()
        restored.load_state_dict(torch.load(path))
    again = accuracy(restored, test_images, test_labels)
    print(f"after saving and loading: {again:.2%}")
    if again != reached:
        raise SystemExit("the loaded network does not agree with the saved one")
    return reached


if __name__ == "__main__":
    main()
