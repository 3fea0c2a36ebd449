"""How `dlbench show` tells of pre-training."""

from cases import dense, pretraining, settings

from dlbench.cli.recipes import train_line


def told(pretrain):
    """The line on the training of a net."""
    return train_line(settings([dense(4, "sigmoid")], pretrain=pretrain))


def test_pre_training_is_told_with_the_training():
    """The way, how many layers and how long each; nothing where there is none."""
    assert told(pretraining("rbm")).endswith(", pre-trained by rbm (all layers, 10 epochs each)")
    assert told(pretraining("autoencoder", layers=1, epochs=1)).endswith("autoencoder (1 layer, 1 epoch each)")
    assert "pre-trained" not in told(None)
