"""The words of the page that a run is exported as, in the languages that recipes may speak. Imports nothing."""

from __future__ import annotations

KOREAN = {
    "Skip to the results": "결과로 바로 가기",
    "Lecture": "강의",
    "Contents": "차례",
    "{} variant": "변형 {}개",
    "{} variants": "변형 {}개",
    "{} candidate": "후보 {}개",
    "{} candidates": "후보 {}개",
    "{} seed": "시드 {}개",
    "{} seeds": "시드 {}개",
    "{} trial": "학습 {}개",
    "{} trials": "학습 {}개",
    "This run is still in progress.": "실행이 아직 진행 중입니다.",
    "This run has stopped before its end.": "실행이 끝나기 전에 멈췄습니다.",
    "Trials that have come to their end:": "끝까지 간 학습:",
    "Numbers and verdicts may still change; the explanation comes when the run has ended.": (
        "숫자와 판정은 아직 바뀔 수 있습니다. 해설은 실행이 끝나면 나옵니다."
    ),
    "Results": "결과",
    "Data": "데이터",
    "Figure": "그림",
    "Comparison of the variants": "변형 비교",
    "Notes": "참고",
    "What the columns mean": "각 열의 뜻",
    "The whole search": "탐색 전체",
    "verdict": "판정",
    "claim": "주장",
    "source": "출처",
    "numbers": "숫자",
    "Curves": "학습 곡선",
    "Gradients by layer and step": "층과 스텝에 따른 기울기",
    "One seed of each variant: layers from the input upwards, steps to the right, the size of the gradient as colour, on one "
    "scale for all.": (
        "변형마다 시드 하나입니다. 입력층에서 위로 층, 오른쪽으로 스텝, 색은 기울기의 크기이며 눈금은 모두 같습니다."
    ),
    "alarm": "경보",
    "warning": "주의",
    "note": "알림",
    "Everything that was found": "찾은 것 전부",
    "Ensembles": "앙상블",
    "Confusion": "혼동 행렬",
    "Settings": "설정",
    "variant": "변형",
    "What differs between the variants": "변형마다 다른 설정",
    "What is the same for all": "모두 같은 설정",
    "The whole recipe": "레시피 전체",
    "Run it again": "다시 실행하기",
    "Save the recipe, which has the changes of the command line in it, and run it:": (
        "명령줄에서 바꾼 것까지 담긴 레시피를 저장하고 실행하세요:"
    ),
    "This run was started by:": "이 실행을 시작한 명령:",
    "Environment": "실행 환경",
}
"""English -> Korean."""
